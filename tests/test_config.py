"""Every setting: what it takes, what it refuses, and that the refusal is one line that names it."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from config import Settings, SettingsError, is_loopback, load

ROOT = Path(__file__).parents[1]

SECRET = "9f2b7c1de04a58637fd1c09b3e6a8d24"
SALT = "4c8e1a7f35d90b26ce7f1a3d5b8e0924"

PRODUCTION = {
    "REGAPP_SECRET_KEY": SECRET,
    "REGAPP_PASSWORD_SALT": SALT,
    "REGAPP_BASE_URL": "https://anmalan.example.org",
    "REGAPP_MAIL_SERVER": "smtp.example.org",
    "REGAPP_MAIL_DEFAULT_SENDER": "utbildningsdag@example.org",
}


def production(**changes: str) -> dict[str, str]:
    return {**PRODUCTION, **{f"REGAPP_{name}": value for name, value in changes.items()}}


def refusal(environ: dict[str, str], tmp_path: Path) -> str:
    with pytest.raises(SettingsError) as caught:
        load(environ, tmp_path)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_whole_production_environment_is_accepted(tmp_path: Path) -> None:
    settings = load(PRODUCTION, tmp_path)
    assert settings.base_url == "https://anmalan.example.org"
    assert settings.is_https
    assert settings.mail_domain == "example.org"
    assert settings.database_url == f"sqlite:///{tmp_path}/instance/regapp.sqlite"
    assert not settings.demo
    assert settings.mail_use_tls
    assert settings.trusted_proxies == 0


@pytest.mark.parametrize("name", sorted(PRODUCTION))
@pytest.mark.parametrize("value", [None, ""])
def test_production_refuses_to_start_without(name: str, value: str | None, tmp_path: Path) -> None:
    environ = {key: given for key, given in PRODUCTION.items() if key != name}
    if value is not None:
        environ[name] = value
    assert refusal(environ, tmp_path) == f"{name}: expected a value, it is not set"


WRONG = {
    "DEMO": ["yes", "on", "2", "True "],
    "SECRET_KEY": ["short", "x" * 64, "change-me-" + SECRET, "secret" + SECRET, "0" * 32],
    "SECRET_KEY_FALLBACKS": ["short", f"{SECRET},short"],
    "PASSWORD_SALT": ["short", "x" * 64],
    "DATABASE_URL": ["mysql://host/db", "regapp.sqlite", "sqlite://", "postgres:///x", "postgresql://u:p@h:xx/n"],
    "CLIENT_REGISTRATIONS_PER_MINUTE": ["0", "-1", "many"],
    "CLIENT_REGISTRATIONS_PER_HOUR": ["0", "1.5"],
    "ALARM_REGISTRATIONS": ["-1"],
    "FORM_SECONDS": ["999999", "9" * 5000],
    "HEALTH_DAYS": ["99999999999", "-1"],
    "MAIL_DOMAIN": ["åäö.se", "ex ample>", "a..se", "-a.se"],
    "BASE_URL": [
        *("anmalan.example.org", "ftp://example.org", "https://", "https://example.org/path", "https://a/?x"),
        *("https://u:p@a.se", "https://a.se/#f", "https://a b.se", "https://a.se:99999", "https://:443"),
        *("https://[::1", "https://åäö.se"),
    ],
    "TRUSTED_PROXIES": ["-1", "one", "1.5", "٣"],
    "MAIL_PORT": ["0", "65536", "smtp"],
    "MAIL_USE_TLS": ["yes", "off", "None"],
    "MAIL_USE_SSL": ["yes", "TRUE!"],
    "MAIL_SERVER": ["smtp.example.org\nX: y"],
    "MAIL_DEFAULT_SENDER": [
        *("no-at", "a@b@", "SWECARNET <a@example.org>", "a@localhost", "å@example.org", "a b@c.se"),
        *("a@b..se", "a@b@c.se", f"{'a' * 65}@example.org", f"a@{'b' * 64}.se", f"a@{'b.' * 126}se"),
    ],
    "MAIL_REPLY_TO": ["no-at", "a@example.org,b@example.org", "a@example.org\r\nBcc: b@example.org"],
    "MAIL_PER_MINUTE": ["-1", "many"],
    "MAIL_BOUNCE_ADDRESS": [
        "studs",
        "b" * 32 + "@example.org",
        "Studs <studs@example.org>",
        "studs@example.org,x@y.se",
    ],
    "INBOX_PORT": ["0", "imaps"],
    "INBOX_USE_SSL": ["yes"],
    "INBOX_FOLDER": ['IN"BOX', "Läst", "a*", "50%", "a\\b", " INBOX", "a\r\nb", "R&D"],
    "INBOX_DONE_FOLDER": ["Läst", "inbox", "INBOX"],
    "ORGANISATION_NAME": ["two\nlines", "tab\there", "Malm\udcf6"],
    "ORGANISATION_DATA_PROTECTION_OFFICER": ["nobody"],
    "ORGANISATION_CONTACT": ["nobody"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_wrong_value_stops_the_start_with_one_line_that_names_the_setting(
    name: str, value: str, tmp_path: Path
) -> None:
    message = refusal(production(**{name: value}), tmp_path)
    assert message.startswith(f"REGAPP_{name}: expected ")
    assert value not in message or name not in {"SECRET_KEY", "PASSWORD_SALT", "SECRET_KEY_FALLBACKS"}


@pytest.mark.parametrize(
    ("value", "meaning"), [("true", True), ("TRUE", True), ("1", True), ("false", False), ("0", 0)]
)
def test_a_boolean_is_true_false_1_or_0(value: str, meaning: bool, tmp_path: Path) -> None:
    port = {"MAIL_USE_SSL": value, "MAIL_USE_TLS": "false" if meaning else "true"}
    assert load(production(**port), tmp_path).mail_use_ssl == bool(meaning)


def test_a_misspelt_setting_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    assert refusal(production(MAIL_SEVRER="x"), tmp_path) == "REGAPP_MAIL_SEVRER: no such setting"


def test_tls_from_the_start_and_starttls_exclude_each_other(tmp_path: Path) -> None:
    message = refusal(production(MAIL_USE_SSL="true", MAIL_USE_TLS="true"), tmp_path)
    assert message.startswith("REGAPP_MAIL_USE_SSL: expected false")


def test_mail_leaves_the_machine_only_under_tls(tmp_path: Path) -> None:
    assert refusal(production(MAIL_USE_TLS="false"), tmp_path).startswith("REGAPP_MAIL_USE_TLS: expected true")
    assert load(production(MAIL_USE_TLS="false", MAIL_SERVER="127.0.0.1"), tmp_path).mail_server == "127.0.0.1"


INBOX = {"INBOX_SERVER": "imap.example.org", "INBOX_USERNAME": "studs", "INBOX_PASSWORD": "of-nobody"}


def test_an_inbox_needs_a_server_a_name_and_a_password(tmp_path: Path) -> None:
    settings = load(production(**INBOX, INBOX_FOLDER="Bounces/Of the day"), tmp_path)
    assert (settings.inbox_port, settings.inbox_use_ssl) == (993, True)
    assert (settings.inbox_folder, settings.inbox_done_folder) == ("Bounces/Of the day", "Handled")
    for missing in INBOX:
        left = {name: value for name, value in INBOX.items() if name != missing}
        message = refusal(production(**left), tmp_path)
        assert message == f"REGAPP_{missing}: expected a value, as the inbox's other settings have one"


def test_without_an_inbox_there_is_none(tmp_path: Path) -> None:
    assert load(PRODUCTION, tmp_path).inbox_server == ""


def test_the_demo_refuses_an_inbox_elsewhere(tmp_path: Path) -> None:
    environ = {"REGAPP_DEMO": "1", **{f"REGAPP_{name}": value for name, value in INBOX.items()}}
    assert refusal(environ, tmp_path) == "REGAPP_INBOX_SERVER: expected a loopback address while REGAPP_DEMO is on"
    assert load({**environ, "REGAPP_INBOX_SERVER": "127.0.0.1"}, tmp_path).inbox_server == "127.0.0.1"


def test_production_is_reached_by_https_or_from_the_machine_itself(tmp_path: Path) -> None:
    message = refusal(production(BASE_URL="http://anmalan.example.org"), tmp_path)
    assert message == "REGAPP_BASE_URL: expected an https address"
    assert not load(production(BASE_URL="http://127.0.0.1:8000"), tmp_path).is_https


@pytest.mark.parametrize("name", ["postgresql://user:word@host/name", "postgresql+psycopg://user:word@host/name"])
def test_postgresql_is_spoken_to_through_psycopg_3(name: str, tmp_path: Path) -> None:
    settings = load(production(DATABASE_URL=name), tmp_path)
    assert settings.database_url == "postgresql+psycopg://user:word@host/name"
    assert not settings.is_sqlite


def test_a_digits_only_secret_stays_text(tmp_path: Path) -> None:
    digits = "12345678901234567890123456789012"
    assert load(production(SECRET_KEY=digits), tmp_path).secret_key == digits


def test_old_secrets_are_a_list(tmp_path: Path) -> None:
    assert load(production(SECRET_KEY_FALLBACKS=f"{SECRET},{SALT}"), tmp_path).secret_key_fallbacks == (SECRET, SALT)


def test_old_secrets_may_have_spaces_between(tmp_path: Path) -> None:
    assert load(production(SECRET_KEY_FALLBACKS=f"{SECRET}, {SALT}"), tmp_path).secret_key_fallbacks == (SECRET, SALT)


def test_an_empty_folder_for_what_is_written_is_the_default_one(tmp_path: Path) -> None:
    assert load(production(INSTANCE=""), tmp_path).instance == tmp_path / "instance"


def test_the_demo_makes_its_own_secrets_which_only_their_owner_reads(tmp_path: Path) -> None:
    first = load({"REGAPP_DEMO": "1"}, tmp_path)
    again = load({"REGAPP_DEMO": "1", "PORT": "8123"}, tmp_path)
    assert (first.secret_key, first.password_salt) == (again.secret_key, again.password_salt)
    assert first.secret_key != first.password_salt
    assert again.base_url == "http://127.0.0.1:8123"
    assert first.files_letters
    for name in ("secret-key", "password-salt"):
        assert stat.S_IMODE((tmp_path / "instance" / name).stat().st_mode) == 0o600


def test_the_demo_refuses_a_database_that_is_not_a_file(tmp_path: Path) -> None:
    environ = {"REGAPP_DEMO": "1", "REGAPP_DATABASE_URL": "postgresql:///regapp"}
    assert refusal(environ, tmp_path).startswith("REGAPP_DATABASE_URL: expected an SQLite file")


@pytest.mark.parametrize("server", ["smtp.example.org", "10.0.0.1", "127.0.0.1.example.org"])
def test_the_demo_refuses_a_mail_server_elsewhere(server: str, tmp_path: Path) -> None:
    environ = {"REGAPP_DEMO": "1", "REGAPP_MAIL_SERVER": server}
    assert refusal(environ, tmp_path).startswith("REGAPP_MAIL_SERVER: expected a loopback address")


@pytest.mark.parametrize("server", ["127.0.0.1", "127.1.2.3", "localhost", "::1"])
def test_the_demo_sends_to_a_mail_server_on_this_machine(server: str, tmp_path: Path) -> None:
    assert is_loopback(server)
    assert not load({"REGAPP_DEMO": "1", "REGAPP_MAIL_SERVER": server}, tmp_path).files_letters


def test_a_wrong_setting_stops_the_command_and_the_web_server_in_one_line() -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("REGAPP_")}
    for command in (["-m", "regapp", "healthz"], ["-c", "import app"]):
        ran = subprocess.run(
            [sys.executable, *command], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60
        )
        assert ran.returncode != 0
        assert ran.stdout == ""
        assert ran.stderr == "regapp: REGAPP_SECRET_KEY: expected a value, it is not set\n"


def test_the_readme_lists_every_setting_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `REGAPP_([A-Z_]+)` \| ([^|]*) \|", (ROOT / "README.md").read_text(), re.MULTILINE))
    wanted = {}
    for setting in fields(Settings):
        if "read" in setting.metadata:
            required = setting.metadata["required"]
            wanted[setting.name.upper()] = "*must be set*" if required else _as_written(setting.default)
    instance = rows.pop("INSTANCE")
    assert instance.strip() == "`instance/`"
    assert {name: default.strip() for name, default in rows.items()} == wanted


def _as_written(default: object) -> str:
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default}`" if default not in ("", ()) else ""
