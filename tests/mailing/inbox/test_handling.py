"""The inbox on a real IMAP server: bounces mark their letter, once; what isn't understood stays as it was."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

import config
from regapp.core import clock
from regapp.core.db import db, writing
from regapp.mailing.inbox import mailbox, reading
from regapp.mailing.inbox.imap import Patience, PatientImap
from regapp.mailing.inbox.mailbox import InboxTrouble, Mailbox
from regapp.mailing.inbox.reading import InboxReader
from regapp.mailing.models import Bounce, InboxMessage, InboxOutcome, OutgoingMail, UnclearReturn
from tests.support.machine.server import environment
from tests.support.machine.waiting import wait_until
from tests.support.mail.dovecot import Dovecot, MailboxOfTheirs
from tests.support.mail.incoming import coming_back
from tests.support.mail.letters import put
from tests.support.mail.smtp import ELSEWHERE

pytestmark = [pytest.mark.dovecot, pytest.mark.usefixtures("context")]

DELAYS = ("delay-postfix", "delay-exim", "delay-postfix-plain")
HURRIED = Patience(connect=0.2, answer=0.3, command=1, goodbye=0.2)


@pytest.fixture
def theirs(dovecot: Dovecot) -> MailboxOfTheirs:
    return dovecot.new_user()


@pytest.fixture
def environ(database_url: str, instance: Path, theirs: MailboxOfTheirs) -> dict[str, str]:
    return environment(database_url, instance, MAIL_BOUNCE_ADDRESS="studs@example.org", **theirs.settings)


@pytest.fixture
def box(settings: config.Settings) -> Mailbox:
    return Mailbox(settings)


def bounces() -> dict[str, str]:
    """Each letter that came back, with its code."""
    db.session.rollback()
    return {bounce.mail_id: bounce.status for bounce in db.session.query(Bounce)}


def outcomes() -> list[InboxOutcome]:
    db.session.rollback()
    return [message.outcome for message in db.session.query(InboxMessage)]


def note_what_is_fetched(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The UIDs of the messages whose octets were asked for."""
    fetched: list[int] = []
    fetch = Mailbox._fetch

    def noting(box: Mailbox, uid: int) -> bytes | None:
        fetched.append(uid)
        return fetch(box, uid)

    monkeypatch.setattr(Mailbox, "_fetch", noting)
    return fetched


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("bounce-postfix-unknown", "5.1.1"),
        ("bounce-postfix-expired", "4.4.1"),
        ("bounce-exim", "5.0.0"),
        ("bounce-exchange-online", "5.1.10"),
        ("bounce-gmail-full", "5.2.2"),
        ("bounce-exim-plain", "5.1.1"),
        ("bounce-qmail", "5.1.1"),
        ("bounce-postfix-plain", "5.7.1"),
    ],
)
def test_a_bounce_marks_its_letter_and_is_put_away(
    theirs: MailboxOfTheirs, box: Mailbox, name: str, status: str
) -> None:
    letter, _other = put("letter:1"), put("letter:2")
    theirs.put(coming_back(name, letter))
    assert reading.read_all(box) == 1
    assert bounces() == {letter: status}
    assert theirs.messages() == []
    assert len(theirs.messages("Handled")) == 1


@pytest.mark.parametrize("name", [*DELAYS, "success-postfix", "auto-vacation", "auto-exchange-away"])
def test_what_tells_of_no_failure_is_put_away_and_marks_nothing(
    theirs: MailboxOfTheirs, box: Mailbox, name: str
) -> None:
    theirs.put(coming_back(name, put()))
    assert reading.read_all(box) == 1
    assert (bounces(), outcomes()) == ({}, [InboxOutcome.IGNORED])
    assert theirs.messages() == []


@pytest.mark.both_databases("a message is handled once: a key that is there already")
@pytest.mark.parametrize("name", ["unclear-gateway", "unclear-person"])
def test_what_came_to_a_letter_s_own_address_and_isnt_understood_is_noted_once_and_left(
    theirs: MailboxOfTheirs, settings: config.Settings, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    caplog.set_level(logging.DEBUG)
    letter = put()
    theirs.put(coming_back(name, letter))
    for _start_of_a_worker in range(2):
        assert reading.read_all(Mailbox(settings)) == 0
    (noted,) = db.session.query(UnclearReturn)
    assert noted.mail_id == letter
    assert "asa@example.org" in noted.lines
    assert (bounces(), outcomes()) == ({}, [InboxOutcome.UNCLEAR])
    assert len(theirs.messages(which="UNSEEN")) == 1
    assert "asa@" not in caplog.text and "kollega" not in caplog.text


def test_a_bounce_for_an_address_that_the_letter_didnt_go_to_is_unclear(theirs: MailboxOfTheirs, box: Mailbox) -> None:
    letter = put()
    theirs.put(coming_back("bounce-qmail", letter).replace(b"<asa@example.org>:", b"<other@example.org>:"))
    assert reading.read_all(box) == 0
    assert (bounces(), outcomes()) == ({}, [InboxOutcome.UNCLEAR])


def test_of_a_message_too_large_to_be_read_the_first_lines_are_noted(theirs: MailboxOfTheirs, box: Mailbox) -> None:
    letter = put()
    theirs.put(coming_back("unclear-person", letter) + b"x" * 76 * 30_000)
    assert reading.read_all(box) == 0
    (noted,) = db.session.query(UnclearReturn)
    assert (noted.mail_id, noted.lines[:4]) == (letter, "Hej!")


@pytest.mark.parametrize("parts", [61, 5000])
def test_a_message_in_too_many_parts_to_be_read_is_noted_at_its_letter(
    theirs: MailboxOfTheirs, box: Mailbox, parts: int
) -> None:
    letter = put()
    levels = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(parts))
    head, _, body = coming_back("unclear-person", letter).partition(b"\r\n\r\n")
    theirs.put(head + b"\r\n" + levels.replace("\n", "\r\n").encode() + b"\r\n" + body)
    assert reading.read_all(box) == 0
    (noted,) = db.session.query(UnclearReturn)
    assert noted.mail_id == letter and noted.lines
    assert outcomes() == [InboxOutcome.UNCLEAR]


def test_a_flood_is_noted_up_to_twenty_and_left(theirs: MailboxOfTheirs, box: Mailbox) -> None:
    letter = put()
    for number in range(23):
        theirs.put(coming_back("unclear-person", letter).replace(b"<abc123@", f"<n{number}@".encode()))
    assert reading.read_all(box) == 0
    assert db.session.query(UnclearReturn).count() == reading.MOST_UNCLEAR == 20
    assert len(theirs.messages()) == 23


@pytest.mark.parametrize("name", ["left-question", "left-bounce-of-another", "left-reply-to-another"])
def test_what_isnt_understood_or_isnt_ours_stays_unread_and_is_fetched_once(
    theirs: MailboxOfTheirs, box: Mailbox, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    fetched = note_what_is_fetched(monkeypatch)
    theirs.put(coming_back(name, put()))
    for _minute in range(3):
        assert reading.read_all(box) == 0
    assert len(fetched) == 1
    assert len(theirs.messages(which="UNSEEN")) == 1
    assert (bounces(), outcomes()) == ({}, [])


def test_what_arrives_behind_a_message_that_is_left_is_read(theirs: MailboxOfTheirs, box: Mailbox) -> None:
    letter = put()
    theirs.put(coming_back("left-question", letter))
    assert reading.read_all(box) == 0
    theirs.put(coming_back("bounce-exim", letter))
    theirs.put(coming_back("left-question", letter))
    assert reading.read_all(box) == 1
    assert bounces() == {letter: "5.0.0"}
    assert len(theirs.messages()) == 2


@pytest.mark.both_databases("a letter has one bounce: a key that is there already")
def test_the_first_of_several_bounces_stands(theirs: MailboxOfTheirs, box: Mailbox) -> None:
    letter = put()
    for name in ("bounce-exim", "bounce-gmail-full"):
        theirs.put(coming_back(name, letter))
    assert reading.read_all(box) == 2
    assert bounces() == {letter: "5.0.0"}


@pytest.mark.both_databases("a message is handled once: a key that is there already")
def test_a_worker_that_vanished_between_its_commit_and_the_move_leaves_no_second_handling(
    theirs: MailboxOfTheirs, settings: config.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = put()
    theirs.put(coming_back("bounce-exim", letter))

    def vanish(_box: Mailbox, _uid: int) -> None:
        raise SystemExit

    with monkeypatch.context() as killed, pytest.raises(SystemExit):
        killed.setattr(Mailbox, "put_away", vanish)
        reading.read_all(Mailbox(settings))
    assert (bounces(), len(theirs.messages())) == ({letter: "5.0.0"}, 1)
    with writing():
        db.session.delete(db.session.get_one(Bounce, letter))
    assert reading.read_all(Mailbox(settings)) == 1
    assert (bounces(), outcomes()) == ({}, [InboxOutcome.BOUNCED])
    assert theirs.messages() == []


@pytest.mark.both_databases("several handle one message at once")
def test_several_workers_handle_each_message_once(
    app: Flask, settings: config.Settings, theirs: MailboxOfTheirs
) -> None:
    letters = [put(f"letter:{number}") for number in range(12)]
    for letter in letters:
        theirs.put(coming_back("bounce-postfix-unknown", letter).replace(b"4XqZ0r3Hb2z1@", letter.encode() + b"@"))
    together = threading.Barrier(4)

    def read() -> None:
        reader = InboxReader(app.app_context, Mailbox(settings))
        together.wait(20)
        reader.read_once()

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert bounces() == dict.fromkeys(letters, "5.1.1")
    assert outcomes() == [InboxOutcome.BOUNCED] * 12
    assert theirs.messages() == []


def test_a_message_of_25_megabytes_is_never_fetched(
    theirs: MailboxOfTheirs, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = note_what_is_fetched(monkeypatch)
    letter = put()
    theirs.put(coming_back("bounce-exim", letter) + b"x" * 76 * 330_000)
    theirs.put(coming_back("bounce-gmail-full", letter))
    began = time.monotonic()
    assert reading.read_all(box) == 1
    assert time.monotonic() - began < 10
    assert fetched == [2]
    assert bounces() == {letter: "5.2.2"}
    assert len(theirs.messages()) == 1


def test_a_message_longer_than_the_server_said_is_left(
    theirs: MailboxOfTheirs, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "MOST_OCTETS", 2000)
    monkeypatch.setattr(Mailbox, "_sizes", lambda _box, uids: dict.fromkeys(uids, 1))
    theirs.put(coming_back("bounce-gmail-full", put()))
    assert reading.read_all(box) == 0
    assert bounces() == {}


def test_a_message_that_trips_us_stops_no_other(
    theirs: MailboxOfTheirs, box: Mailbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    letter = put()
    understand = reading.messages.understand

    def trip(octets: bytes, settings: config.Settings) -> object:
        if b"hidden@example.org" in octets:
            raise ZeroDivisionError("hidden@example.org")
        return understand(octets, settings)

    monkeypatch.setattr(reading.messages, "understand", trip)
    theirs.put(b"From: hidden@example.org\r\n\r\nx")
    theirs.put(coming_back("bounce-exim", letter))
    assert reading.read_all(box) == 1
    assert bounces() == {letter: "5.0.0"}
    assert "ZeroDivisionError" in caplog.text
    assert "hidden@" not in caplog.text


def test_no_address_and_no_word_of_a_message_reaches_the_log(
    theirs: MailboxOfTheirs, box: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    theirs.put(coming_back("bounce-postfix-unknown", put()))
    reading.read_all(box)
    assert "came back: 5.1.1" in caplog.text
    assert "asa@" not in caplog.text
    assert "rejected" not in caplog.text


@contextmanager
def dovecot_with(more: str) -> Iterator[Dovecot]:
    server = Dovecot(more)
    try:
        yield server
    finally:
        server.remove()


@pytest.mark.parametrize("words", ["IMAP4rev1 UIDPLUS AUTH=PLAIN", "IMAP4rev1 AUTH=PLAIN"])
def test_a_server_that_can_t_move_copies_and_deletes(settings: config.Settings, words: str) -> None:
    with dovecot_with(f"imap_capability = {words}") as server:
        theirs = server.new_user()
        letter = put()
        theirs.put(coming_back("left-question", letter))
        theirs.put(coming_back("bounce-exim", letter))
        named = {"inbox_port": server.tls_port, "inbox_username": theirs.name}
        here = config.Settings(**{**vars(settings), **named})
        assert reading.read_all(Mailbox(here)) == 1
        assert reading.read_all(Mailbox(here)) == 0
        assert bounces() == {letter: "5.0.0"}
        assert len(theirs.messages("Handled")) == 1
        assert len(theirs.messages(which="UNDELETED")) == 1
        assert len(theirs.messages()) == (1 if "UIDPLUS" in words else 2)


def test_a_server_that_knows_only_login_gets_a_password_in_ascii(
    settings: config.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = property(lambda imap: ("IMAP4REV1",), lambda imap, said: None)
    monkeypatch.setattr(PatientImap, "capabilities", known, raising=False)
    with dovecot_with("passdb {\n  driver = static\n  args = password=of-nobody\n}") as server:
        named = {"inbox_port": server.tls_port, "inbox_username": server.new_user().name}
        assert "signed in" in changed(settings, **named, inbox_password="of-nobody").probe()
        with pytest.raises(InboxTrouble, match="doesn't sign in with letters other than ASCII"):
            changed(settings, **named).probe()


def test_the_dialogue_holds_no_transaction(
    theirs: MailboxOfTheirs, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    ask = Mailbox._ask

    def watch(box: Mailbox, what: str, *arguments: object, **named: object) -> object:
        asked.append(db.session().in_transaction())
        return ask(box, what, *arguments, **named)

    letter = put()
    for name in ("bounce-exim", "left-question", "bounce-gmail-full", "left-bounce-of-another"):
        theirs.put(coming_back(name, letter))
    db.session.rollback()
    monkeypatch.setattr(Mailbox, "_ask", watch)
    assert reading.read_all(box) == 2
    assert len(asked) > 10
    assert not any(asked)


def test_the_folders_are_those_that_are_set(settings: config.Settings, theirs: MailboxOfTheirs) -> None:
    folders = {"inbox_folder": "Bounces of the day", "inbox_done_folder": "Bounces of the day.Done"}
    here = config.Settings(**{**vars(settings), **folders})
    with pytest.raises(InboxTrouble, match="doesn't open the folder"):
        reading.read_all(Mailbox(here))
    with theirs._opened() as imap:
        imap.create('"Bounces of the day"')
    letter = put()
    theirs.put(coming_back("bounce-exim", letter), '"Bounces of the day"')
    assert reading.read_all(Mailbox(here)) == 1
    assert len(theirs.messages('"Bounces of the day.Done"')) == 1


def test_a_folder_made_anew_is_read_from_its_beginning(settings: config.Settings, theirs: MailboxOfTheirs) -> None:
    box, letter = changed(settings, inbox_folder="Box"), put()
    with theirs._opened() as imap:
        imap.create("Box")
    for _ in range(3):
        theirs.put(coming_back("left-question", letter), "Box")
    assert reading.read_all(box) == 0
    with theirs._opened() as imap:
        imap.delete("Box")
        imap.create("Box")
    theirs.put(coming_back("bounce-exim", letter), "Box")
    assert reading.read_all(box) == 1


def changed(settings: config.Settings, patience: Patience | None = None, **values: object) -> Mailbox:
    return Mailbox(config.Settings(**{**vars(settings), **values}), patience)


def test_a_wrong_password_is_told_without_it(settings: config.Settings) -> None:
    with pytest.raises(InboxTrouble, match=r"the server doesn't sign in: .*failed") as caught:
        changed(settings, inbox_password="wrong-of-nobody").probe()
    assert "wrong-of-nobody" not in str(caught.value)


def test_a_certificate_is_checked(settings: config.Settings) -> None:
    with pytest.raises(InboxTrouble, match=r"TLS failed: .*self-signed certificate"):
        changed(settings, mail_ca_file="").probe()
    with pytest.raises(InboxTrouble, match="TLS failed"):
        changed(settings, mail_ca_file=str(ELSEWHERE)).probe()


def test_elsewhere_the_password_goes_only_over_tls(
    settings: config.Settings, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = {"inbox_use_ssl": False, "inbox_port": dovecot.port}
    assert "no TLS" in changed(settings, **plain).probe()
    monkeypatch.setattr(mailbox, "is_loopback", lambda host: False)
    assert "verified TLS" in changed(settings, **plain).probe()
    with pytest.raises(InboxTrouble, match="TLS failed"):
        changed(settings, **plain, mail_ca_file="").probe()


def test_the_probe_changes_nothing(theirs: MailboxOfTheirs, settings: config.Settings) -> None:
    theirs.put(b"Subject: x\r\n\r\nx")
    words = changed(settings).probe()
    assert words.endswith("verified TLS, signed in, 1 messages in INBOX, Handled will be made")
    assert len(theirs.messages(which="UNSEEN")) == 1
    reading.read_all(changed(settings))
    assert changed(settings).probe().endswith("Handled is there")


@contextmanager
def bad_server(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """Listens, and does with each connection what `answer` does."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    try:
                        answer(connection)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(20)


def _hang(connection: socket.socket) -> None:
    connection.recv(1)


def _trickle(connection: socket.socket) -> None:
    pause = threading.Event()
    connection.sendall(b"* OK ")
    while True:
        connection.sendall(b"x")
        pause.wait(0.1)


def _never_end(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"x" * 100_000)


def _drop(connection: socket.socket) -> None:
    connection.sendall(b"* OK hello\r\n")


def _talk_nonsense(connection: socket.socket) -> None:
    connection.sendall(b"220 mail.example.org ESMTP\r\n")


@pytest.mark.parametrize("answer", [_hang, _trickle, _never_end, _drop, _talk_nonsense])
def test_a_server_with_bad_manners_ends_the_round_within_seconds(
    settings: config.Settings, answer: Callable[[socket.socket], None]
) -> None:
    with bad_server(answer) as port:
        began = time.monotonic()
        with pytest.raises(InboxTrouble):
            reading.read_all(changed(settings, HURRIED, inbox_use_ssl=False, inbox_port=port))
        assert time.monotonic() - began < 8


def test_trouble_is_logged_when_it_comes_and_when_it_is_over(
    app: Flask, settings: config.Settings, theirs: MailboxOfTheirs, caplog: pytest.LogCaptureFixture
) -> None:
    right, wrong = Mailbox(settings), changed(settings, inbox_password="wrong-of-nobody")
    reader = InboxReader(app.app_context, wrong)
    for _minute in range(3):
        reader.read_once()
    reader._mailbox = right
    for _minute in range(3):
        reader.read_once()
    said = [record.getMessage() for record in caplog.records if record.name == reading.__name__]
    assert len(said) == 2
    assert said[0].startswith("the inbox can't be read: the server doesn't sign in")
    assert said[1] == "the inbox is read again"
    assert "wrong-of-nobody" not in caplog.text


def test_it_is_read_beside_the_worker_until_that_ends(
    app: Flask, settings: config.Settings, theirs: MailboxOfTheirs
) -> None:
    letter = put()
    theirs.put(coming_back("bounce-exim", letter))
    with reading.beside(app.app_context, settings):
        wait_until(bounces, what="the bounce")
        wait_until(lambda: not theirs.messages(), what="the move")
    assert [thread.name for thread in threading.enumerate() if thread.name == "inbox"] == []


def test_without_an_inbox_nothing_runs(app: Flask, settings: config.Settings) -> None:
    nowhere = config.Settings(**{**vars(settings), "inbox_server": ""})
    with reading.beside(app.app_context, nowhere):
        assert [thread.name for thread in threading.enumerate() if thread.name == "inbox"] == []


def test_keys_of_what_was_handled_long_ago_are_forgotten(theirs: MailboxOfTheirs, box: Mailbox) -> None:
    theirs.put(coming_back("auto-vacation", put()))
    reading.read_all(box)
    for days, left in ((179, 1), (181, 0)):
        with writing():
            reading.forget_old(clock.now() + timedelta(days=days))
        assert len(outcomes()) == left


@pytest.mark.both_databases("a bounce points at a letter that is gone")
def test_a_letter_that_was_erased_comes_back_to_nobody(theirs: MailboxOfTheirs, box: Mailbox) -> None:
    letter = put()
    theirs.put(coming_back("bounce-postfix-unknown", letter))
    with writing():
        db.session.delete(db.session.get_one(OutgoingMail, letter))
    assert reading.read_all(box) == 0
    assert len(theirs.messages()) == 1
