"""Addresses as people paste them: what can be taken off is, what can't stand there is named."""

from __future__ import annotations

import pytest

from regapp.core import addresses
from regapp.core.errors import RuleBroken

ASA = "asa@ki.example.org"


@pytest.mark.parametrize(
    "pasted",
    [
        *(f"{sign}{ASA}{sign}" for sign in ("\u200b", "\u00a0", "\ufeff", "\u2060", "\u202a", "\u00ad", " \t\r\n")),
        *(f"{ASA}{end}" for end in (".", ";", ",", ">", ". ", ";\u200b")),
        *(f"<{ASA}>", f"mailto:{ASA}", f"MAILTO: {ASA}?subject=Hej", f"<mailto:{ASA}>;", f"{ASA}<mailto:{ASA}>"),
        *(f"Åsa Åkerlund <{ASA}>", f'"Åkerlund, Åsa" <{ASA}>,', f"Åsa\u00a0Åkerlund \u200b<{ASA}\u200b>"),
        "asa@KI.Example.org",
    ],
)
def test_what_a_copy_brings_along_is_taken_off(pasted: str) -> None:
    assert addresses.normalise(pasted) == ASA


def test_a_links_signs_are_read_as_it_means_them() -> None:
    for link in (
        "mailto:asa%2Bkurs@ki.example.org",
        "<mailto:asa%2bkurs%40ki.example.org>",
        "mailto://asa+kurs@ki.example.org",
    ):
        assert addresses.normalise(link) == "asa+kurs@ki.example.org", link
    assert addresses.normalise("asa%2Bkurs@ki.example.org") == "asa%2Bkurs@ki.example.org"


@pytest.mark.parametrize(
    ("typed", "swedish", "english"),
    [
        ("as\u200ba@ki.example.org", "ett osynligt tecken efter ”as”", "an invisible sign after “as”"),
        ("asa@ki.\u00adexample.org", "ett osynligt tecken efter ”asa@ki.”", "an invisible sign after “asa@ki.”"),
        ("as\udce5@ki.example.org", "ett osynligt tecken efter ”as”", "an invisible sign after “as”"),
        ("asa @ki.example.org", "ett mellanslag efter ”asa”", "a space after “asa”"),
        ("asa@ki.\u00a0example.org", "ett mellanslag efter ”asa@ki.”", "a space after “asa@ki.”"),
        ("Åsa asa@ki.example.org", "Delen före @", "The part before @"),
        ("Asa asa@ki.example.org", "ett mellanslag efter ”Asa”", "a space after “Asa”"),
        ("asa(jobb)@ki.example.org", "tecknet ”(” efter ”asa”", "the sign “(” after “asa”"),
        ("o’brien@ki.example.org", "tecknet ”’” efter ”o”", "the sign “’” after “o”"),
        ("asa@ki_x.example.org", "tecknet ”_” efter ”asa@ki”", "the sign “_” after “asa@ki”"),
        ("asa@ki.example.org; bo@ki.example.org", "Fyll i din e-postadress", "Enter your e-mail address"),
        ("bo@ki.example.org <asa@ki.example.org>", "Fyll i din e-postadress", "Enter your e-mail address"),
        (
            f"{'a' * 65}@ki.example.org",
            "högst 64 tecken, och den här har 65",
            "at most 64 characters, and this one has",
        ),
        (f"a@{'b' * 64}.example.org", "högst 63 tecken mellan två punkter", "at most 63 characters between"),
        (f"a@{'ö' * 60}.example.org", "högst 63 tecken mellan två punkter", "at most 63 characters between"),
        (f"a@{'b.' * 125}example.org", "högst 254 tecken, och den här har 263", "at most 254 characters"),
    ],
)
def test_what_cant_stand_there_is_named(typed: str, swedish: str, english: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        addresses.normalise(typed)
    assert swedish in refused.value.message.in_language("sv")
    assert english in refused.value.message.in_language("en")


def test_an_address_of_the_greatest_length_is_taken() -> None:
    longest = f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 58}.se"
    assert len(addresses.normalise(longest)) == 254


@pytest.mark.parametrize(
    "typed", ["asa@smörgås.example.org", "asa@SMÖRGÅS.example.org", "asa@xn--smrgs-pra0j.example.org"]
)
def test_a_domain_is_kept_in_its_own_script_and_compared_and_written_to_in_ascii(typed: str) -> None:
    found = addresses.normalise(typed)
    assert found == "asa@smörgås.example.org"
    assert addresses.on_the_wire(found) == addresses.key(found) == "asa@xn--smrgs-pra0j.example.org"
    assert addresses.shown(f"550 <{addresses.on_the_wire(found)}>: xn--a") == f"550 <{found}>: xn--a"


def test_a_server_is_shown_in_its_own_script_and_what_stands_before_an_at_sign_is_left() -> None:
    wire = "xn--smrgs-pra0j.example.org"
    for said in ("Name service error for name={} type=MX", "host mx.{}[192.0.2.1] said: no", "<asa@{}>: no"):
        assert addresses.shown(said.format(wire)) == said.format("smörgås.example.org")
    for kept in (f"{wire}@ki.example.org", f"a%{wire}@ki.example.org", f"{wire}+a@ki.example.org"):
        assert addresses.shown(kept) == kept
