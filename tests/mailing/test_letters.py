"""One source gives a letter's text and its HTML."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regapp.core.i18n import Text
from regapp.mailing import letters, marks
from regapp.mailing.letters import Action, Facts, Heading, Letter, Link, Paragraph
from tests.support.mail.letters import a_letter


def _readable(html: str) -> str:
    body = html[html.index("<body") :]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_text_and_html_say_the_same() -> None:
    written = letters.write(a_letter(), "sv")
    for line in ("Du är anmäld", "Hej Åsa! Tack för din anmälan.", "Provsalen, Stockholm", "Se eller avanmäl"):
        assert line in written.text
        assert line in _readable(written.html)
    assert marks.mark("manage") in written.text
    assert f'href="{marks.mark("manage")}"' in written.html


def test_a_letter_speaks_the_readers_language() -> None:
    letter = Letter(Text("Ämne", "Subject"), [Heading(Text("Hej", "Hello"))])
    assert letters.write(letter, "en").text == "Hello\n"
    assert letters.write(letter, "sv").subject == "Ämne"
    assert '<html lang="en">' in letters.write(letter, "en").html


def test_lines_are_wrapped_but_addresses_are_never_cut() -> None:
    address = "https://anmalan.example.org/my/" + "x" * 100
    written = letters.write(Letter("s", [Paragraph("ord " * 60), Action("Till sidan", address)]), "sv")
    lines = written.text.splitlines()
    assert address in lines
    assert all(len(line) <= letters.WIDTH for line in lines if line != address)


def test_a_clock_time_is_never_torn_from_its_kl() -> None:
    for filling in range(50, 75):
        written = letters.write(Letter("s", [Paragraph("x" * filling + " kl. 9.00 svensk tid")]), "sv")
        assert "kl. 9.00" in written.text and "kl.\u00a09.00" in written.html
        assert max(map(len, written.text.splitlines())) <= max(letters.WIDTH, filling)


def test_words_with_a_hyphen_and_spans_of_time_hold_together() -> None:
    said = "Ditt e-postprogram frågar, kl. 9.00–16.30. An e-mail program asks."
    written = letters.write(
        Letter(said, [Heading(said), Paragraph(said), Facts([(said, said)]), Action(said, "x")]), "sv"
    )
    bound = said.replace("e-", "e\u2011").replace("–", "\u2060–\u2060")
    assert written.subject == said
    assert "e-" not in written.text and " ".join(written.text.split()).count(bound) == 5
    assert written.html.count("e\u2011postprogram") == 5 and "0–1" not in written.html.partition("<body")[2]


@pytest.mark.parametrize(
    "address",
    [
        "e-post@example.org",
        "info@e-post.example.org",
        "https://e-post.se/e-mail",
        "e-mail.se",
        "https://example.org/2026–2027",
        "dag9–16@example.org",
    ],
)
def test_an_address_is_left_as_it_is(address: str) -> None:
    written = letters.write(Letter("s", [Paragraph(f"Skriv till {address}.")]), "sv")
    assert address in written.text and address in written.html


def test_a_fact_may_be_a_link() -> None:
    written = letters.write(Letter("s", [Facts([("Var", Link("Din sida", marks.mark("join")))])]), "sv")
    assert f"Var: Din sida\n{marks.mark('join')}" in written.text
    assert f'href="{marks.mark("join")}"' in written.html


def test_markup_in_a_name_stays_text() -> None:
    name = "<script>alert(1)</script> {{ 7*7 }} {% raw %} \"'&"
    written = letters.write(Letter(name, [Heading(name), Facts([(name, name)]), Action(name, 'https://x/"><i>')]), "sv")
    assert "<script>" not in written.html
    assert "<i>" not in written.html
    assert name in written.text
    assert name in unescape(written.html)


def test_words_can_hold_no_mark() -> None:
    written = letters.write(Letter("s", [Paragraph(f"Hej {marks.mark('manage')}!")], footer=marks.mark("join")), "sv")
    assert not marks.has_marks(written.text + written.html)


@given(st.text(max_size=300))
def test_no_words_bring_control_characters_or_a_second_subject_line(words: str) -> None:
    written = letters.write(Letter(words, [Paragraph(words)], footer=words), "sv")
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", written.subject)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]", written.text + written.html)
    (written.subject + written.text + written.html).encode()


def test_the_html_asks_no_other_host_for_anything_and_has_a_dark_scheme() -> None:
    html = letters.write(a_letter(), "sv").html
    assert "<img" not in html
    assert "url(" not in html
    assert "<link" not in html
    assert "prefers-color-scheme: dark" in html
    assert "#4F0433" in html
