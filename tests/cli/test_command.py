"""`regapp`, as a person types it: a process of its own, its words and its exit status."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from regapp.core import schema
from tests.support.machine import forks
from tests.support.machine.databases import Databases
from tests.support.machine.forks import ROOT
from tests.support.machine.server import GUNICORN, REGAPP
from tests.support.mail.dovecot import Dovecot

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def regapp(environ: dict[str, str]) -> Run:
    def run(*command: str, typed: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
        return forks.run([REGAPP, *command], {**environ, **{f"REGAPP_{n}": v for n, v in settings.items()}}, typed)

    return run


def from_nothing(environ: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    """In a process that has read nothing of the program before."""
    return subprocess.run([REGAPP, *command], cwd=ROOT, env=environ, capture_output=True, encoding="utf-8", timeout=60)


@contextmanager
def held(file: Path) -> Iterator[None]:
    """SQLite's one write lock in somebody else's hands."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    yield
    connection.rollback()
    connection.close()


@pytest.fixture
def bare(tmp_path: Path, regapp: Run) -> Run:
    """`regapp` on a database that isn't there yet."""

    def run(*command: str, **options: str) -> subprocess.CompletedProcess[str]:
        return regapp(*command, DATABASE_URL=f"sqlite:///{tmp_path}/bare/regapp.sqlite", **options)

    return run


def test_help_needs_no_settings() -> None:
    of_commands = [forks.run([REGAPP, *command, "--help"], {}) for command in (["attendees", "export"], ["worker"])]
    for told in (from_nothing({}, "--help"), *of_commands):
        assert told.returncode == 0, told.stderr
        assert told.stdout.startswith("Usage: regapp")


@pytest.mark.parametrize("command", [["worker", "--once"], ["attendees", "export", "2027"]])
def test_a_command_without_tables_says_how_to_get_them(bare: Run, command: list[str]) -> None:
    ran = bare(*command)
    assert ran.returncode == 1
    assert ran.stderr == "regapp: the database has no tables: run `regapp db upgrade`\n"


@pytest.mark.parametrize(("revision", "words"), [("000", "older"), ("999", "newer")])
def test_tables_of_another_program_stop_web_and_worker_in_one_line(
    regapp: Run, environ: dict[str, str], databases: Databases, revision: str, words: str
) -> None:
    with sqlite3.connect(databases.file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [revision])
    connection.close()
    web = forks.run([GUNICORN, "--config", "deploy/gunicorn.conf.py", "--bind", "127.0.0.1:0"], environ)
    for ran in (web, regapp("worker"), regapp("db", "current")):
        assert ran.returncode != 0
        assert ran.stderr.startswith(f"regapp: the database is {words} ({revision}) than the program (")
        assert len(ran.stderr.splitlines()) == 1


def test_upgrade_current_and_downgrade(bare: Run) -> None:
    assert bare("db", "upgrade").returncode == 0
    assert bare("db", "current").stdout == f"{schema.HEAD}\n"
    assert bare("db", "downgrade", "base", typed="n\n").returncode == 1
    assert bare("db", "current").returncode == 0
    assert bare("db", "downgrade", "base", "--yes").returncode == 0
    gone = bare("db", "current")
    assert (gone.returncode, gone.stdout) == (1, "no tables\n")


def test_an_unknown_revision_is_told_in_one_line(regapp: Run) -> None:
    ran = regapp("db", "upgrade", "999")
    assert ran.returncode == 1
    assert len(ran.stderr.splitlines()) == 1
    assert "999" in ran.stderr


def test_check_compares_the_migrations_with_the_models() -> None:
    ran = forks.run([REGAPP, "db", "check"], {})
    assert (ran.returncode, ran.stdout) == (0, "the migrations and the models agree\n")


def test_an_unknown_day_is_told_in_one_line(regapp: Run) -> None:
    ran = regapp("attendees", "export", "2099")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == "regapp: there is no such day or person\n"


def test_what_a_person_typed_wrong_is_told_in_one_line(regapp: Run) -> None:
    ran = regapp("organiser", "add", "no-address", "--role", "viewer")
    assert ran.returncode == 1
    assert ran.stderr == "regapp: The e-mail address has no @. Check that it is right.\n"


def test_an_organiser_gets_a_link_to_choose_a_password(regapp: Run) -> None:
    ran = regapp("organiser", "add", "anna@example.org", "--role", "organiser")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("https://anmalan.example.org/organiser/choose-password/")
    assert "anna@example.org\torganiser" in regapp("organiser", "list").stdout


def test_a_database_that_is_locked_is_told_in_one_line(regapp: Run, databases: Databases, database_url: str) -> None:
    with held(databases.file):
        command = ("organiser", "add", "anna@example.org", "--role", "viewer")
        ran = regapp(*command, DATABASE_URL=f"{database_url}?timeout=0.05")
    assert ran.returncode == 1
    assert ran.stderr == "regapp: the database is out of reach or busy (OperationalError)\n"


def test_the_worker_sends_what_is_due_and_stops(environ: dict[str, str]) -> None:
    ran = from_nothing(environ, "worker", "--once")
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.both_databases("the doctor asks each for its time")
def test_the_doctor_finds_what_is_wrong_where_neither_worker_nor_mail_server_runs(regapp: Run) -> None:
    ran = regapp("doctor")
    lines = ran.stdout.splitlines()
    assert ran.returncode == 1
    assert [line.split(":")[0].split(None, 1) for line in lines] == [
        ["ok", "settings"],
        ["ok", "database"],
        ["ok", "tables"],
        ["ok", "writing"],
        ["WRONG", "worker"],
        ["ok", "letters"],
        ["WRONG", "mail server"],
        ["ok", "inbox"],
        ["ok", "clock"],
    ]
    assert "127.0.0.1:9" in lines[6]


@pytest.mark.dovecot
def test_the_doctor_looks_into_the_inbox(regapp: Run, dovecot: Dovecot) -> None:
    theirs = dovecot.new_user()
    (well,) = [line for line in regapp("doctor", **theirs.settings).stdout.splitlines() if " inbox: " in line]
    assert well.startswith(f"ok     inbox: 127.0.0.1:{dovecot.tls_port} answers; verified TLS, signed in, 0 messages")
    wrong = regapp("doctor", **{**theirs.settings, "INBOX_PASSWORD": "wrong-of-nobody"})
    (ill,) = [line for line in wrong.stdout.splitlines() if " inbox: " in line]
    assert ill.startswith(f"WRONG  inbox: 127.0.0.1:{dovecot.tls_port}: the server doesn't sign in")
    assert "of-nobody" not in wrong.stdout + wrong.stderr


def test_the_doctor_says_what_is_wrong_with_the_settings(regapp: Run) -> None:
    ran = regapp("doctor", BASE_URL="http://example.org")
    assert ran.returncode == 1
    assert ran.stdout == "WRONG  settings: REGAPP_BASE_URL: expected an https address\n"


def test_the_doctor_says_that_tables_are_missing(bare: Run) -> None:
    ran = bare("doctor")
    assert ran.returncode == 1
    assert "WRONG  tables: the database has no tables: run `regapp db upgrade`" in ran.stdout.splitlines()


def test_the_doctor_says_that_the_database_is_out_of_reach(regapp: Run, tmp_path: Path) -> None:
    ran = regapp("doctor", DATABASE_URL=f"postgresql://regapp@/none?host={tmp_path}")
    assert ran.returncode == 1
    assert any(line.startswith("WRONG  database: out of reach") for line in ran.stdout.splitlines())
    assert ran.stderr == ""


def test_healthz_answers_without_a_web_server(regapp: Run, bare: Run) -> None:
    well, ill = regapp("healthz"), bare("healthz")
    assert (well.returncode, ill.returncode) == (0, 1)
    assert '"well": true' in well.stdout
    assert '"database": false' in ill.stdout
    late = regapp("healthz", "--late")
    assert (late.returncode, '"worker": false' in late.stdout) == (1, True)
