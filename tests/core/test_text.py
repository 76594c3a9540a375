"""Text on its way in: composed, showable, and never slow."""

import time
import unicodedata

import pytest

from regapp.core import text
from regapp.core.errors import RuleBroken


@pytest.mark.parametrize("name", ["Åsa-Märta", "Nguyễn Thị Ánh", "नरेन्द्र", "محمد", "שָׁלוֹם", "👩‍🔬"])
def test_names_of_every_script_are_kept_composed(name: str) -> None:
    assert text.clean(unicodedata.normalize("NFD", name)) == unicodedata.normalize("NFC", name)


def test_an_endless_row_of_marks_is_refused_at_once() -> None:
    began = time.perf_counter()
    with pytest.raises(RuleBroken):
        text.clean("a" + "\u0301\u0316" * 60_000)
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize("shown", ["\u200b\u200b", "\u2061", "\U000e0041\U000e007f", "\ufe0f", "\u0301", "\u3164"])
def test_what_shows_nothing_is_no_text(shown: str) -> None:
    with pytest.raises(RuleBroken):
        text.clean(shown)
