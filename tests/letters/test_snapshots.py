"""The files in tests/mails are letters that some test makes, and all of them."""

import re
from pathlib import Path

from tests.support.mail.mails import LANGUAGES, MAILS, names

TESTS = Path(__file__).parents[1]


def test_every_letter_that_the_readme_tells_of_has_its_files_and_no_file_is_left_over() -> None:
    expected = {f"{name}.{language}.{kind}" for name in names() for language in LANGUAGES for kind in ("txt", "html")}
    assert {file.name for file in MAILS.iterdir()} - {"README.md"} == expected


def test_the_readme_tells_of_each_letter_once_and_in_order() -> None:
    assert names() == sorted(set(names()))


def test_every_letter_is_made_by_a_test() -> None:
    sources = "".join(file.read_text(encoding="utf-8") for file in TESTS.rglob("*.py"))
    assert not [name for name in names() if f'"{name}"' not in sources]


def test_an_apostrophe_in_a_letter_is_a_typographic_one() -> None:
    texts = {file.name: file.read_text(encoding="utf-8") for file in MAILS.iterdir() if file.name != "README.md"}
    assert not [name for name, text in texts.items() if re.search(r"\w(?:'|&#39;|&#x27;)\w", text)]
