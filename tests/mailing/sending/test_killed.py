"""SIGKILL at every step of a worker, and of a web process: no letter is lost, one copy at most, and that the same."""

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from regapp.core import clock
from regapp.core.db import db
from regapp.mailing import outbox
from regapp.mailing.models import DeliveryTry, MailState, OutgoingMail, TryOutcome
from regapp.mailing.sending import claiming
from regapp.mailing.sending.delivery import deliver_due
from regapp.mailing.sending.transport import SmtpTransport
from regapp.registrations.letters import links
from regapp.registrations.models import Registration
from tests.support.days import new_open_day
from tests.support.machine.forks import ROOT, run
from tests.support.machine.server import REGAPP
from tests.support.mail.smtp import SmtpServer

pytestmark = [
    pytest.mark.both_databases("what a killed process leaves behind is the database's to undo"),
    pytest.mark.usefixtures("context"),
]

WORKER = """
import functools, os, signal, smtplib, socket, sys
import config
from regapp import create_app, worker
from regapp.mailing.sending import claiming, delivery, smtp, transport

times = {"left": int(sys.argv[2])}

def die():
    times["left"] -= 1
    if times["left"] == 0:
        os.kill(os.getpid(), signal.SIGKILL)

def kill(owner, name, *, after=False):
    whole = getattr(owner, name)
    @functools.wraps(whole)
    def deadly(*args, **options):
        if not after:
            die()
        done = whole(*args, **options)
        if after:
            die()
        return done
    setattr(owner, name, deadly)

def kill_amid_letter():
    whole = smtp.DeadlineSmtp.send
    def deadly(client, octets):
        if isinstance(octets, bytes) and len(octets) > 1000:
            whole(client, octets[: len(octets) // 2])
            die()
            octets = octets[len(octets) // 2 :]
        whole(client, octets)
    smtp.DeadlineSmtp.send = deadly

def kill_before_the_answer():
    whole = smtplib.SMTP.getreply
    def deadly(client):
        if client.is_whole:
            client.is_whole = False
            client.sock.recv(1, socket.MSG_PEEK)
            die()
        return whole(client)
    send = smtp.DeadlineSmtp.send
    def mark(client, octets):
        send(client, octets)
        client.is_whole = isinstance(octets, bytes) and len(octets) > 1000
    smtp.DeadlineSmtp.is_whole = False
    smtp.DeadlineSmtp.send = mark
    smtplib.SMTP.getreply = deadly

{
    "before it connects": lambda: kill(transport.SmtpTransport, "_connect"),
    "taking a letter": lambda: kill(claiming, "claim", after=True),
    "with a letter taken": lambda: kill(delivery.message, "to_bytes"),
    "before the sender is named": lambda: kill(smtp.DeadlineSmtp, "mail"),
    "before DATA": lambda: kill(smtplib.SMTP, "data"),
    "in the middle of DATA": kill_amid_letter,
    "before the answer is read": kill_before_the_answer,
    "with the answer": lambda: kill(smtplib.SMTP, "data", after=True),
    "before the answer is noted": lambda: kill(claiming, "note_answer"),
    "before the note is committed": lambda: kill(claiming, "note_answer", after=True),
    "when it is noted": lambda: kill(delivery.Batch, "_forget_answered"),
}[sys.argv[1]]()
worker.run(create_app(config.load()), once=True)
"""
NO_COPY = [
    ("before it connects", 1),
    ("taking a letter", 1),
    ("with a letter taken", 1),
    ("before the sender is named", 1),
    ("before DATA", 3),
    ("in the middle of DATA", 3),
    ("when it is noted", 3),
]
ONE_COPY = [
    "before the answer is read",
    "with the answer",
    "before the answer is noted",
    "before the note is committed",
]
WITH_A_LETTER_ON_ITS_WAY = ["taking a letter", "with a letter taken", "before the sender is named"]
"""The answer to the letter before may come at the same moment."""


class Killed:
    """Five letters, and a worker that is killed when it does `step` for the n-th time."""

    def __init__(self, environ: dict[str, str], server: SmtpServer, route: SmtpTransport) -> None:
        self.environ = environ
        self.server = server
        self.route = route

    def kill(self, step: str, time: int) -> None:
        killed = run([sys.executable, "-c", WORKER, step, str(time)], self.environ)
        assert killed.returncode == -signal.SIGKILL, killed.stderr

    def another_worker_comes(self) -> list[bytes]:
        """When the leases have run out; the copies that arrived, when every letter has."""
        with time_machine.travel(clock.now() + claiming.LEASE + timedelta(seconds=1)):
            deliver_due(self.route)
        return self.copies()

    def starts_again(self, **settings: str) -> None:
        """At once, on the same machine."""
        assert run([REGAPP, "worker", "--once"], {**self.environ, **settings}).returncode == 0
        db.session.rollback()

    def copies(self) -> list[bytes]:
        """What arrived more than once, when every letter has arrived."""
        writing = db.session.scalars(select(OutgoingMail)).all()
        assert [letter.state for letter in writing] == [MailState.SENT] * 5
        arrived = Counter(received.octets for received in self.server.received)
        assert {message_from_bytes(octets)["Message-ID"] for octets in arrived} == {
            letter.message_id for letter in writing
        }
        # As many different ones as letters: a copy is the same to the last byte.
        assert len(arrived) == 5
        return [octets for octets, number in arrived.items() for _ in range(number - 1)]


def states_by_id() -> dict[str, MailState]:
    db.session.rollback()
    return {mail.id: mail.state for mail in db.session.scalars(select(OutgoingMail))}


def states() -> list[MailState]:
    return list(states_by_id().values())


@pytest.fixture
def killed(environ: dict[str, str], server: SmtpServer, route: SmtpTransport, register: Callable[[int], str]) -> Killed:
    outbox.resolve_links(links.links_of)
    for number in range(5):
        register(number)
    return Killed(environ, server, route)


@pytest.mark.parametrize(("step", "time"), NO_COPY)
def test_every_letter_arrives_once(killed: Killed, step: str, time: int) -> None:
    killed.kill(step, time)
    assert killed.another_worker_comes() == []


@pytest.mark.parametrize("step", ONE_COPY)
def test_only_the_letter_whose_answer_wasnt_noted_arrives_twice(killed: Killed, step: str) -> None:
    killed.kill(step, 3)
    third = killed.server.received[2].octets
    assert killed.another_worker_comes() == [third]


@pytest.mark.parametrize("step", WITH_A_LETTER_ON_ITS_WAY)
def test_one_letter_at_most_arrives_twice(killed: Killed, step: str) -> None:
    killed.kill(step, 3)
    assert len(killed.another_worker_comes()) <= 1


@pytest.mark.parametrize("step", ["with a letter taken", "before DATA", "in the middle of DATA"])
def test_a_worker_that_starts_sends_at_once_what_its_dead_predecessor_held(killed: Killed, step: str) -> None:
    killed.kill(step, 3 if step != "with a letter taken" else 1)
    assert MailState.SENDING in states()
    killed.starts_again()
    assert killed.copies() == []
    held = [attempt.outcome for attempt in db.session.scalars(select(DeliveryTry))]
    assert 1 <= held.count(TryOutcome.INTERRUPTED) <= 2


@pytest.mark.parametrize("step", ONE_COPY)
def test_the_letter_whose_answer_wasnt_noted_comes_at_once_too_and_is_the_same(killed: Killed, step: str) -> None:
    killed.kill(step, 3)
    third = killed.server.received[2].octets
    killed.starts_again()
    assert killed.copies() == [third]


HOLDER = """
import sys
import config
from regapp import create_app
from regapp.core import clock
from regapp.core.db import writing
from regapp.mailing.sending import claiming
from regapp.mailing.sending.presence import Presence

settings = config.load()
presence = Presence(settings.instance / "workers")
with create_app(settings).app_context():
    with writing():
        letter = claiming.claim(clock.now(), presence.number)
    print(letter.id, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(killed: Killed) -> Iterator[Callable[..., tuple[str, subprocess.Popen[str]]]]:
    """Starts a worker that takes a letter and doesn't get on with it; which letter, and the process."""
    started: list[subprocess.Popen[str]] = []

    def hold(**settings: str) -> tuple[str, subprocess.Popen[str]]:
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDER],
            cwd=ROOT, env={**killed.environ, **settings}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        assert process.stdout is not None
        return process.stdout.readline().strip(), process

    yield hold
    for process in started:
        process.kill()
        process.communicate()


def test_what_a_living_worker_holds_is_left_to_it(killed: Killed, holder: Callable[..., Any]) -> None:
    letter, slow = holder()
    _other, dead = holder()
    dead.kill()
    dead.wait()
    killed.starts_again()
    assert {mail: state for mail, state in states_by_id().items() if state is not MailState.SENT} == {
        letter: MailState.SENDING
    }
    slow.kill()
    slow.wait()
    killed.starts_again()
    assert killed.copies() == []


def test_what_a_worker_on_another_host_held_waits_for_its_lease(
    killed: Killed, holder: Callable[..., Any], tmp_path: Path
) -> None:
    letter, dead = holder(REGAPP_INSTANCE=str(tmp_path / "elsewhere"))
    dead.kill()
    dead.wait()
    killed.starts_again()
    assert states_by_id()[letter] is MailState.SENDING
    assert killed.another_worker_comes() == []


def test_a_folder_that_takes_no_file_costs_the_quick_return_and_nothing_else(killed: Killed, tmp_path: Path) -> None:
    (tmp_path / "full").write_text("a file where the folder should be")
    killed.starts_again(REGAPP_INSTANCE=str(tmp_path / "full"))
    assert killed.copies() == []


def test_the_marks_of_workers_that_left_nothing_behind_go(killed: Killed, instance: Path) -> None:
    for _ in range(3):
        killed.starts_again()
    assert len(list((instance / "workers").iterdir())) == 1


WEB = """
import os, signal, sys
from sqlalchemy import event
from sqlalchemy.orm import Session
import config
from regapp import create_app
from tests.support.client import CheckingClient
from tests.support.days import APPLICATION

app = create_app(config.load())
app.test_client_class = CheckingClient
client = app.test_client()
form = client.page("/2026/register").form()

@event.listens_for(Session, "after_commit")
def die(session):
    os.kill(os.getpid(), signal.SIGKILL)

client.send("/2026/register", form, **APPLICATION)
"""


def test_a_letter_goes_out_though_the_web_process_was_killed_right_after_the_commit(
    environ: dict[str, str], server: SmtpServer
) -> None:
    new_open_day()
    killed = run([sys.executable, "-c", WEB], environ)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert db.session.scalars(select(Registration.email)).all() == ["asa@example.org"]
    assert run([REGAPP, "worker", "--once"], environ).returncode == 0
    assert [received.recipients for received in server.received] == [["asa@example.org"]]
