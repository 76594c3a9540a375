"""`regapp organiser …`."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from regapp.cli import main
from tests.support.machine.server import SENDER

EMAIL = "anna@example.org"


@pytest.fixture
def run(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> object:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return lambda *words: CliRunner().invoke(main, ["organiser", *words])


def lines(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def test_adding_prints_a_link_to_choose_a_password(run) -> None:  # type: ignore[no-untyped-def]
    (link,) = lines(run("add", EMAIL, "--role", "admin", "--name", "Anna Berg", "--language", "en"))
    assert link.startswith("https://anmalan.example.org/organiser/choose-password/")
    assert lines(run("list")) == [f"{EMAIL}\tadmin\tno password yet\tAnna Berg"]
    assert lines(run("link", EMAIL))[0].startswith("https://anmalan.example.org/organiser/choose-password/")


def test_an_address_is_taken_as_it_was_pasted_and_listed_as_it_is_written(run) -> None:  # type: ignore[no-untyped-def]
    lines(run("add", "Anna <mailto:anna@xn--smrgs-pra0j.example.org>;", "--role", "viewer"))
    assert lines(run("list")) == ["anna@smörgås.example.org\tviewer\tno password yet"]
    lines(run("disable", " anna@SMÖRGÅS.example.org."))
    too_long = run("add", f"{'a' * 65}@example.org", "--role", "viewer")
    assert "at most 64 characters" in too_long.stderr


def test_an_account_is_closed_opened_and_given_another_role(run) -> None:  # type: ignore[no-untyped-def]
    lines(run("add", EMAIL, "--role", "viewer"))
    lines(run("role", EMAIL, "door"))
    lines(run("disable", EMAIL))
    assert lines(run("list")) == [f"{EMAIL}\tdoor\tdisabled"]
    assert run("link", EMAIL).exit_code != 0
    lines(run("enable", EMAIL))
    assert lines(run("list")) == [f"{EMAIL}\tdoor\tno password yet"]


@pytest.mark.parametrize(
    "words",
    [("add", "anna", "--role", "admin"), ("add", EMAIL, "--role", "king"), ("add", EMAIL),
     ("disable", EMAIL), ("add", EMAIL, "--role", "door", "--name", "a\nb"),
     ("add", EMAIL, "--role", "door", "--name", "a" * 101), ("add", EMAIL, "--role", "door", "--name", "evil.example"),
     ("link", EMAIL)],
)  # fmt: skip
def test_what_is_wrong_is_said_without_a_trace_of_code(run, words: tuple[str, ...]) -> None:  # type: ignore[no-untyped-def]
    result = run(*words)
    assert result.exit_code != 0
    assert result.output
    assert "Traceback" not in result.output


def test_an_account_is_not_added_twice(run) -> None:  # type: ignore[no-untyped-def]
    lines(run("add", EMAIL, "--role", "admin"))
    assert run("add", "Anna@Example.org", "--role", "admin").exit_code != 0


def test_the_address_that_letters_come_from_is_nobodys_account(run) -> None:  # type: ignore[no-untyped-def]
    refused = run("add", SENDER, "--role", "admin")
    assert refused.exit_code != 0
    assert "own e-mail address" in refused.output


def test_letters_are_shown_and_chosen(run) -> None:  # type: ignore[no-untyped-def]
    lines(run("add", EMAIL, "--role", "admin"))
    assert lines(run("letters", EMAIL)) == ["alarms: yes\tdigest: no"]
    assert lines(run("letters", EMAIL, "--no-alarms", "--digest")) == ["alarms: no\tdigest: yes"]
    assert lines(run("letters", EMAIL, "--alarms")) == ["alarms: yes\tdigest: yes"]
    assert lines(run("letters", EMAIL)) == ["alarms: yes\tdigest: yes"]
    assert run("letters", "bo@example.org").exit_code != 0
