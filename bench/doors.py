"""Whether the time of an answer tells who is known: two doors, known and unknown addresses in a shuffled row.

Each try has an address of its own and, as every visitor here, a client address of its own (127.0.0.0/8), so that the
limits stay on and refuse nobody. The worker runs beside it and sends the letters. AUC is the chance that a known
address took longer than an unknown one: 0.5 tells nothing.
"""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import time

from bench import load, table, visits
from bench.load import Visit, expect, get, post
from bench.mail import Sink
from bench.servers import BIN, ROOT, Server
from bench.table import Row

TRIES = 2000
"""With known addresses, and as many with unknown ones, at each door."""

DOORS = {"my link": "/2026/link", "forgot password": "/organiser/forgot-password"}

# The known are those who are registered, so one address is known at both doors.
_ORGANISERS = """
INSERT INTO organiser
    (email, email_key, name, language, role, active, wants_alarms, wants_digest, fs_uniquifier, created_at)
SELECT email, email_key, '', 'sv', 'viewer', true, false, false, 'bench' || id, received_at FROM registration
"""


def rows(regapp: Server) -> list[Row]:
    with sqlite3.connect(regapp.folder / "regapp.sqlite") as connection:
        connection.execute(_ORGANISERS)
        active = "SELECT email FROM registration WHERE status = 'confirmed' ORDER BY id LIMIT ?"
        known = [email for (email,) in connection.execute(active, (TRIES,))]
    sink = Sink()
    regapp.environ["REGAPP_MAIL_PORT"] = str(sink.port)
    regapp.start()
    worker = subprocess.Popen([BIN / "regapp", "worker"], cwd=ROOT, env=regapp.environ, stderr=subprocess.DEVNULL)
    try:
        measured = [_row(regapp.port, door, path, known) for door, path in DOORS.items()]
        for _ in range(len(DOORS) * TRIES):
            sink.next()
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(timeout=60)
        regapp.stop()
        sink.stop()
    _check_letters(regapp)
    return measured


def _row(port: int, door: str, path: str, known: list[str]) -> Row:
    tries = [(email, True) for email in known]
    tries += [(email.replace("@example.org", "@example.net"), False) for email in known]
    random.Random(1).shuffle(tries)
    seconds: dict[bool, list[float]] = {True: [], False: []}
    for email, is_known in tries:
        load.once(port, _ask(path, email, seconds[is_known]))
    what = f"{door}, time of {TRIES} known and {TRIES} unknown addresses"
    return table.tells(what, auc(seconds[True], seconds[False]), 0.03)


def _check_letters(regapp: Server) -> None:
    """Every question was answered, and each known address got its letter at each door."""
    with sqlite3.connect(regapp.folder / "regapp.sqlite") as connection:
        (waiting,) = connection.execute("SELECT count(*) FROM link_request").fetchone()
        found = connection.execute("SELECT kind, count(DISTINCT recipient) FROM outgoing_mail GROUP BY kind").fetchall()
    if waiting or dict(found) != {"link": TRIES, "sign_in_link": TRIES}:
        raise RuntimeError(f"{waiting} questions wait, letters: {found}")


def _ask(path: str, email: str, seconds: list[float]) -> Visit:
    """Opens the form and sends it; only the sending is timed."""
    form = expect((yield get(path)), 200)
    sent = post(path, {"email": email} | visits.hidden(form), visits.cookie_of(form))
    began = time.perf_counter()
    answer = yield sent
    seconds.append(time.perf_counter() - began)
    expect(answer, 303)


def auc(longer: list[float], shorter: list[float]) -> float:
    """The chance that one of the first is greater than one of the second (Mann-Whitney); no two are the same."""
    ranked = sorted([(value, True) for value in longer] + [(value, False) for value in shorter])
    ranks = sum(rank for rank, (_, is_first) in enumerate(ranked, 1) if is_first)
    return (ranks - len(longer) * (len(longer) + 1) / 2) / (len(longer) * len(shorter))
