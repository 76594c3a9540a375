"""What organisers write as it stands in letters: lines end where they do on the page."""

from __future__ import annotations

import re

import pytest

from regapp.core import markdown


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("Tag hissen\ntill plan 4.\r\nGå sedan rakt fram.", ["Tag hissen till plan 4. Gå sedan rakt fram."]),
        ("Ingång A.\n\nTag hissen\ntill plan 4.", ["Ingång A.", "", "Tag hissen till plan 4."]),
        ("Ingång A  \nExempelvägen 1\\\nStockholm", ["Ingång A", "Exempelvägen 1", "Stockholm"]),
        (
            "Så här:\n- buss 3\n  till torget\n- eller\n1. spårvagn",
            ["Så här:", "- buss 3 till torget", "- eller", "1. spårvagn"],
        ),
        ("# Hitta hit\nTag hissen\n> obs", ["# Hitta hit", "Tag hissen", "> obs"]),
        (" \n", []),
        ("", []),
    ],
)
def test_lines_end_where_they_do_on_the_page(source: str, lines: list[str]) -> None:
    assert markdown.flowing(source).splitlines() == lines


@pytest.mark.parametrize("source", ["a\nb", "a  \nb", "a\\\nb", "a\n\nb\nc"])
def test_a_letter_and_the_page_break_alike(source: str) -> None:
    shown = re.sub(r"\s*</p>\s*<p>\s*", "\n\n", str(markdown.render(source)))
    shown = re.sub(r"<br>\s*", "\v", shown).replace("\n\n", "\v\v").replace("\n", " ").replace("\v", "\n")
    assert markdown.flowing(source) == re.sub("<[^>]+>", "", shown).strip()
