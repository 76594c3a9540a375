"""The migrations: the same tables as the models', up and down, whole or not at all."""

from __future__ import annotations

import signal
import sqlite3
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import NullPool, create_engine, inspect

import regapp  # noqa: F401 - the models of every room
from regapp.core import migrating, schema, text
from regapp.core.db import Model
from tests.support.machine.disks import looking_out
from tests.support.machine.forks import Fork, run
from tests.support.machine.postgres import Cluster
from tests.support.machine.waiting import wait_until


@pytest.fixture
def empty_urls(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[str]]:
    """Two databases without tables."""
    if request.param == "sqlite":
        yield [f"sqlite:///{tmp_path}/one.sqlite", f"sqlite:///{tmp_path}/other.sqlite"]
        return
    cluster: Cluster = request.getfixturevalue("postgres_cluster")
    names = [cluster.new_database(), cluster.new_database()]
    yield [cluster.url(name) for name in names]
    for name in names:
        cluster.drop_database(name)


both = pytest.mark.parametrize(
    "empty_urls", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


def tables(url: str) -> set[str]:
    engine = create_engine(url, poolclass=NullPool)
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


@both
def test_the_migrations_make_the_tables_of_the_models(empty_urls: list[str]) -> None:
    migrated, modelled = empty_urls
    migrating.upgrade(migrated)
    Model.metadata.create_all(create_engine(modelled, poolclass=NullPool))
    assert migrating.compare(migrated, modelled) == []


@both
def test_up_down_and_up_again_leaves_nothing_behind(empty_urls: list[str]) -> None:
    url = empty_urls[0]
    migrating.upgrade(url)
    everything = tables(url)
    migrating.downgrade(url, "base")
    assert tables(url) == set()
    assert migrating.current(url) is None
    migrating.upgrade(url)
    assert tables(url) == everything == set(Model.metadata.tables)
    migrating.upgrade(url)
    assert migrating.current(url) == schema.HEAD


LETTER = """
INSERT INTO outgoing_mail
    (id, key, kind, language, recipient, message_id, subject, text, html, dated_at, state, due_at, attempts)
VALUES
    ('a1', 'k', 'plain', 'sv', 'asa@example.org', '<a1@example.org>', 'Hej', 'Hej', 'Hej',
     '2026-10-01', 'queued', '2026-10-01', 1)
"""
A_TRY = "INSERT INTO delivery_try (id, mail_id, at, outcome, answer) VALUES (1, 'a1', '2026-10-01', 'retry', '450')"


@both
def test_what_was_there_before_a_move_is_there_after_it(empty_urls: list[str]) -> None:
    url = empty_urls[0]
    migrating.upgrade(url, "001")
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(LETTER)
        connection.exec_driver_sql(A_TRY)
    for move in (migrating.upgrade, lambda url: migrating.downgrade(url, "001"), migrating.upgrade):
        move(url)
        with engine.connect() as connection:
            letters = connection.exec_driver_sql("SELECT id, state FROM outgoing_mail").all()
            tries = connection.exec_driver_sql("SELECT mail_id, outcome FROM delivery_try").all()
        assert (letters, tries) == ([("a1", "queued")], [("a1", "retry")])


INVITATION = """
INSERT INTO outgoing_mail
    (id, key, kind, language, recipient, message_id, subject, text, html, calendar, method, dated_at, state, due_at,
     attempts, sent_at)
VALUES
    ('a2', 'update:p:u.3', 'update', 'sv', 'asa@example.org', '<a2@example.org>', 'Hej', 'Hej', 'Hej',
     '{calendar}', 'REQUEST', '2026-10-01', 'sent', '2026-10-01', 1, '2026-10-01')
"""


@both
def test_a_letter_from_before_tells_which_version_of_the_entry_it_brought(empty_urls: list[str]) -> None:
    url = empty_urls[0]
    migrating.upgrade(url, "001")
    engine = create_engine(url, poolclass=NullPool)
    calendar = "BEGIN:VEVENT\r\nSUMMARY:SEQUENCE:7\r\nSEQUENCE:3\r\nEND:VEVENT\r\n"
    with engine.begin() as connection:
        connection.exec_driver_sql(LETTER)
        connection.exec_driver_sql(INVITATION.format(calendar=calendar))
    migrating.upgrade(url)
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT id, sequence FROM outgoing_mail ORDER BY id").all()
    assert found == [("a1", None), ("a2", 3)]


DAY = """
INSERT INTO event
    (id, slug, publication, title_sv, title_en, description_sv, description_en, audience_sv, audience_en,
     language_note_sv, language_note_en, starts_at, ends_at, time_zone, venue, address, directions_sv, directions_en,
     contact_email, opens_at, closes_at, changes_close_at, promote_until, offer_days, meeting_url, sound_test_url,
     join_minutes_before, version, created_at, updated_at)
VALUES
    (1, '2026', 'cancelled', 'D', '', '', '', '', '', '', '', '2026-11-25 09:00', '2026-11-25 16:00',
     'Europe/Stockholm', '', '', '', '', 'a@example.org', '2026-09-01', '2026-11-11', '2026-11-18', '2026-11-24',
     14, '', '', 30, 1, '2026-08-01', '2026-08-01')
"""
PERSON = """
INSERT INTO registration
    (id, event_id, public_id, link_version, status, attendance, language, first_name, last_name, email, email_key,
     profession, profession_other, workplace, department, message, wants_news, notice_version, received_at,
     is_transferred, changed_at, has_entry, calendar_uid, calendar_domain, calendar_sequence, search_text, sort_key,
     workplace_key)
VALUES
    ({id}, 1, 'p{id}', 1, 'confirmed', 'online', 'sv', 'F', 'E', 'p{id}@example.org', 'p{id}@example.org', 'nurse', '',
     'W', '', '', false, '2026-11', '2026-10-01', false, '2026-10-01', false,
     '00000000-0000-0000-0000-00000000000{id}', 'example.org', 0, '', '', '')
"""
MADE = """
INSERT INTO audit_entry (id, at, action, actor, event_id, registration_id, details)
VALUES ({id}, '2026-10-01', '{action}', '{actor}', 1, {id}, '{{}}')
"""


@both
def test_who_filled_in_a_registration_from_before_is_read_out_of_the_audit_log(empty_urls: list[str]) -> None:
    url = empty_urls[0]
    migrating.upgrade(url, "002")
    engine = create_engine(url, poolclass=NullPool)
    makers = [("made", "participant"), ("made", "organiser:7"), ("taken_over", "participant")]
    with engine.begin() as connection:
        connection.exec_driver_sql(DAY)
        for number, (action, actor) in enumerate(makers, start=1):
            connection.exec_driver_sql(PERSON.format(id=number))
            made = MADE.format(id=number, action=f"registration.{action}", actor=actor)
            connection.exec_driver_sql(made)
    for move in (migrating.upgrade, lambda url: migrating.downgrade(url, "002"), migrating.upgrade):
        move(url)
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT registered_by FROM registration ORDER BY id").scalars().all()
        untold = connection.exec_driver_sql("SELECT cancellation_due_at FROM event").scalars().all()
    assert (found, untold) == (["themselves", "organiser", "colleague"], [None])


ORGANISER = """
INSERT INTO organiser (id, email, email_key, name, language, role, active, fs_uniquifier, created_at)
VALUES ({id}, 'o{id}@example.org', 'o{id}@example.org', '', 'sv', '{role}', true, 'u{id}', '2026-09-01')
"""
CHOSE = """
INSERT INTO audit_entry (at, action, actor, details)
VALUES ('2026-10-01', 'organiser.preferences_changed', 'organiser:{id}', '{{"organiser_id": {id}, "language": "sv"}}')
"""


@both
def test_who_was_an_organiser_before_there_were_alarms_gets_them_unless_they_chose(empty_urls: list[str]) -> None:
    url = empty_urls[0]
    migrating.upgrade(url, "001")
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        for number, role in [(1, "admin"), (2, "organiser"), (3, "viewer"), (4, "door"), (12, "admin")]:
            connection.exec_driver_sql(ORGANISER.format(id=number, role=role))
        connection.exec_driver_sql(CHOSE.format(id=12))
    migrating.upgrade(url)
    with engine.connect() as connection:
        told = connection.exec_driver_sql("SELECT id FROM organiser WHERE wants_alarms ORDER BY id").scalars().all()
    assert told == [1, 2]


@both
def test_why_organisers_did_something_moves_out_of_the_audit_log_and_back(empty_urls: list[str]) -> None:
    url = empty_urls[0]
    migrating.upgrade(url, "002")
    engine = create_engine(url, poolclass=NullPool)
    details = {1: {"reason": "Åsa är läkare", "told": True}, 2: {"reason": "", "count": 3}, 3: {"of": "a reason"}}
    table = sa.table("audit_entry", sa.column("id"), sa.column("details", sa.JSON))
    with engine.begin() as connection:
        connection.exec_driver_sql(DAY)
        for number, its in details.items():
            connection.exec_driver_sql(PERSON.format(id=number))
            connection.exec_driver_sql(MADE.format(id=number, action="registration.made", actor="organiser:7"))
            connection.execute(table.update().where(table.c.id == number).values(details=its))

    def found(reasons: bool) -> tuple[list[object], list[object]]:
        with engine.connect() as connection:
            kept = connection.execute(sa.select(table.c.details).order_by(table.c.id)).scalars().all()
            asked = connection.exec_driver_sql("SELECT audit_entry_id, text FROM reason").all() if reasons else []
        return list(kept), [tuple(one) for one in asked]

    migrating.upgrade(url)
    assert found(True) == ([{"told": True}, {"count": 3}, {"of": "a reason"}], [(1, "Åsa är läkare")])
    migrating.downgrade(url, "007")
    assert found(False)[0] == [details[1], {"count": 3}, details[3]]


@both
def test_addresses_are_kept_as_they_were_written_and_go_back_to_what_mail_has_on_the_wire(
    empty_urls: list[str],
) -> None:
    url = empty_urls[0]
    migrating.upgrade(url, "002")
    engine = create_engine(url, poolclass=NullPool)
    wire, own = "p1@xn--smrgs-pra0j.example.org", "p1@smörgås.example.org"
    with engine.begin() as connection:
        connection.exec_driver_sql(DAY)
        for number in (1, 2):
            connection.exec_driver_sql(PERSON.format(id=number))
        connection.exec_driver_sql(
            f"UPDATE registration SET email = '{wire}', email_key = '{wire}', search_text = 'f e {wire} w' WHERE id = 1"
        )
        connection.exec_driver_sql(LETTER.replace("asa@example.org', '<", f"{wire}', '<"))
    found = []
    up, down = (lambda: migrating.upgrade(url, "010")), (lambda: migrating.downgrade(url, "007"))
    for move in (up, down, up):
        move()
        with engine.connect() as connection:
            people = connection.exec_driver_sql("SELECT email, email_key, search_text FROM registration ORDER BY id")
            letter = connection.exec_driver_sql("SELECT recipient FROM outgoing_mail").scalar()
            found.append(([tuple(person) for person in people], letter))
    other = ("p2@example.org", "p2@example.org", "")
    after = ([(own, wire, f"f e {own} w"), other], own)
    assert found == [after, ([(wire, wire, f"f e {wire} w"), other], wire), after]


REMINDER = """
INSERT INTO reminder (id, event_id, days_before, clock, audience, message_sv, message_en, created_at, written_at)
VALUES (1, 1, 7, '09:00', '{audience}', 'Ta med legitimation.', '', '2026-09-01', '{written_at}')
"""


@both
@pytest.mark.parametrize(
    ("written_at", "audience", "text", "brought"),
    [
        ("2026-09-30", "everybody", "Hej\n\nFrån arrangörerna\n\nTa med legitimation.", [("a2", 1)]),
        ("2026-09-30", "online", "Hello\n\nFrom the organisers\n\nTa med legitimation.", [("a2", 1)]),
        ("2026-09-30", "on_site", "Hej\n\nFrån arrangörerna\n\nNågot annat.", []),
        ("2026-09-30", "everybody", "Hej, dagen har ändrats.", []),
        ("2026-10-02", "everybody", "Hej\n\nFrån arrangörerna\n\nNågot annat.", []),
    ],
)
def test_a_late_comers_letter_from_before_has_brought_the_reminders_words_where_it_says_so(
    empty_urls: list[str], written_at: str, audience: str, text: str, brought: list[tuple[str, int]]
) -> None:
    url = empty_urls[0]
    migrating.upgrade(url, "002")
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(DAY)
        connection.exec_driver_sql(PERSON.format(id=1))
        connection.exec_driver_sql(INVITATION.format(calendar=""))
        connection.exec_driver_sql(f"UPDATE outgoing_mail SET registration_id = 1, text = '{text}'")
        connection.exec_driver_sql(REMINDER.format(written_at=written_at, audience=audience))
    migrating.upgrade(url)
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT mail_id, reminder_id FROM words_brought").all()
    assert found == brought


KEYS = "SELECT search_text, sort_key, workplace_key FROM registration"


@both
def test_who_was_there_before_is_found_and_sorted_as_who_comes_after(empty_urls: list[str]) -> None:
    url = empty_urls[0]
    migrating.upgrade(url, "002")
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(DAY)
        connection.exec_driver_sql(PERSON.format(id=1))
        connection.exec_driver_sql("UPDATE registration SET first_name = 'José', last_name = 'Łåz', workplace = 'Ö'")
    migrating.upgrade(url)
    with engine.connect() as connection:
        found = connection.exec_driver_sql(KEYS).one()
        names = connection.exec_driver_sql("SELECT search_name, namesake_key FROM registration").one()
    assert found == (text.search_key("José", "Łåz", "p1@example.org", "Ö"), "lz1z0\x01jose", "z3")
    assert names == (text.search_key("José", "Łåz"), "joselaz")
    migrating.downgrade(url, "007")
    with engine.connect() as connection:
        assert connection.exec_driver_sql(KEYS).one() == ("josé łåz p1@example.org ö", "łz1z0\x01jose", "z3")


UID = "0d9c4d5e-1111-4222-8333-44445555666"
ABOUT = """
INSERT INTO outgoing_mail
    (id, key, kind, registration_id, is_bulk, language, recipient, message_id, subject, text, html, calendar, method,
     sequence, dated_at, state, due_at, attempts)
VALUES
    ('{kind}', '{key}', '{kind}', 1, false, 'sv', 'asa@example.org', '<{kind}>', {words}, {words}, {words}, {calendar},
     {method}, {sequence}, '2026-10-01', 'queued', '2026-10-01', 0)
"""


@both
def test_a_letter_from_before_is_found_by_its_entry_and_an_older_program_finds_one_from_after(
    empty_urls: list[str],
) -> None:
    url = empty_urls[0]
    migrating.upgrade(url, "002")
    engine = create_engine(url, poolclass=NullPool)
    calendar = f"'BEGIN:VEVENT\r\nSUMMARY:UID:{UID}9@x\r\nUID:{UID}1@example.org\r\nEND:VEVENT\r\n'"
    no_part = {"calendar": "NULL", "method": "NULL", "sequence": "NULL", "words": "'Hej'"}
    entries = {
        f"update:p:{UID}1.3": {**no_part, "calendar": calendar, "method": "'REQUEST'", "sequence": "3"},
        f"day_changed:p:{UID}2.1": {**no_part, "sequence": "1", "words": "NULL"},
        f"declined:p:{UID}3.0": no_part,
        "link:p:2026-10-01T00:00:00+00:00": no_part,
    }
    with engine.begin() as connection:
        connection.exec_driver_sql(DAY)
        connection.exec_driver_sql(PERSON.format(id=1))
        connection.exec_driver_sql(LETTER)
        for key, its in entries.items():
            connection.exec_driver_sql(ABOUT.format(key=key, kind=key.partition(":")[0], **its))
    migrating.upgrade(url)
    mail = sa.table("outgoing_mail", sa.column("key"), sa.column("entry_uid", sa.Uuid))
    with engine.begin() as connection:
        found = {key: uid and str(uid) for key, uid in connection.execute(sa.select(mail))}
        # An order as SQLite writes its key now, and a letter sent again.
        for key, uid in ((f"day_changed:p:{UID}2.1", UID.replace("-", "")), (f"declined:p:{UID}3.0", "")):
            written = {"key": key.replace(UID, uid) if uid else "again:a1:1"}
            connection.execute(mail.update().where(mail.c.key == key).values(written))
    assert found == {**dict(zip(entries, (f"{UID}1", f"{UID}2", f"{UID}3", None), strict=True)), "k": None}
    migrating.downgrade(url, "012")
    with engine.connect() as connection:
        keys = set(connection.exec_driver_sql("SELECT key FROM outgoing_mail").scalars())
    assert keys == {"k", *entries} - {f"declined:p:{UID}3.0"} | {f"again:a1:1:{UID}3"}


@both
def test_every_constraint_has_a_name(empty_urls: list[str]) -> None:
    migrating.upgrade(empty_urls[0])
    inspector = inspect(create_engine(empty_urls[0], poolclass=NullPool))
    for table in tables(empty_urls[0]):
        named = [
            inspector.get_pk_constraint(table),
            *inspector.get_foreign_keys(table),
            *inspector.get_unique_constraints(table),
            *inspector.get_check_constraints(table),
        ]
        assert all(constraint["name"] for constraint in named), table


@both
def test_two_who_upgrade_at_once_get_one_set_of_tables(empty_urls: list[str], tmp_path: Path) -> None:
    upgrade = [
        sys.executable,
        "-c",
        f"import regapp; from regapp.core import migrating; migrating.upgrade({empty_urls[0]!r})",
    ]
    movers = [Fork(upgrade, {}, stderr=tmp_path / "told") for _ in range(4)]
    assert [mover.wait(60) for mover in movers] == [0] * 4, (tmp_path / "told").read_text()
    assert migrating.current(empty_urls[0]) == schema.HEAD


KILLED = """
import os, signal, sys
from sqlalchemy import Engine, event
import regapp
from regapp.core import migrating

left = int(sys.argv[2])

@event.listens_for(Engine, "before_cursor_execute")
def count(connection, cursor, statement, *rest):
    global left
    if statement.lstrip().startswith(("CREATE", "INSERT", "UPDATE")):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

migrating.upgrade(sys.argv[1])
"""


@both
@pytest.mark.parametrize("statements", [0, 1, 7, 20])
def test_a_migration_that_was_killed_is_completed_by_running_it_again(empty_urls: list[str], statements: int) -> None:
    url = empty_urls[0]
    killed = run([sys.executable, "-c", KILLED, url, str(statements)], {})
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert tables(url) == set()
    migrating.upgrade(url)
    assert tables(url) == set(Model.metadata.tables)


def test_the_history_is_one_line_and_the_program_knows_its_end() -> None:
    assert migrating.head() == schema.HEAD
    assert migrating.differences() == []


def test_a_new_sqlite_file_is_read_by_its_owner_only_and_is_in_wal_mode(tmp_path: Path) -> None:
    file = tmp_path / "instance" / "regapp.sqlite"
    migrating.upgrade(f"sqlite:///{file}")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with sqlite3.connect(file) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_an_upgrade_waits_for_the_writer_before_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/regapp.sqlite"
    migrating.upgrade(url)
    writer = sqlite3.connect(tmp_path / "regapp.sqlite", isolation_level=None, check_same_thread=False)
    writer.execute("BEGIN IMMEDIATE")
    moving = threading.Thread(target=migrating.downgrade, args=(url, "base"))
    with looking_out(create_engine(url)) as is_waiting:
        moving.start()
        wait_until(is_waiting, what="the move")
    assert tables(url) == set(Model.metadata.tables)
    writer.rollback()
    moving.join(20)
    writer.close()
    assert tables(url) == set()


@pytest.mark.parametrize(
    ("revision", "words"),
    [
        (None, "the database has no tables: run `regapp db upgrade`"),
        ("000", "the database is older (000) than the program"),
        ("999", "the database is newer (999) than the program"),
    ],
)
def test_a_program_that_does_not_fit_the_tables_says_so_in_one_line(revision: str | None, words: str) -> None:
    told = schema.describe_mismatch(revision)
    assert told is not None
    assert told.startswith(words)
    assert "\n" not in told


@both
def test_a_database_at_the_programs_revision_is_current(empty_urls: list[str]) -> None:
    with pytest.raises(schema.SchemaError, match="no tables"):
        schema.require_current(empty_urls[0])
    migrating.upgrade(empty_urls[0])
    schema.require_current(empty_urls[0])


def test_looking_for_tables_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(schema.SchemaError, match="no tables"):
        schema.require_current(f"sqlite:///{tmp_path}/nothing.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_a_database_out_of_reach_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(schema.SchemaError, match=r"^the database is out of reach \(\w+\)$"):
        schema.require_current(f"postgresql+psycopg://postgres@/none?host={tmp_path}")
