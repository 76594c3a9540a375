"""Measures regapp beside the floor by turns and prints the table; a missed goal is a word in it, not a failure."""

from __future__ import annotations

import json
import secrets
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench import doors, load, mail, table, visits
from bench.servers import BIN, ROOT, Server
from bench.table import Row

CLIENTS = (1, 8, 32)
ROUNDS = 5
SECONDS = 1.2
"""Of each round."""

FEW, MANY = 200, 20_000
PASSWORD = secrets.token_urlsafe(24)
MAIL = {
    "REGAPP_MAIL_SERVER": "127.0.0.1",
    "REGAPP_MAIL_USE_TLS": "false",
    "REGAPP_MAIL_DEFAULT_SENDER": "a@example.org",
}


def main() -> None:
    # Beside the real database: the same disk, the same promises.
    (ROOT / "instance").mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=ROOT / "instance"))
    try:
        rows = [row for name in sys.argv[1:] or SECTIONS for row in SECTIONS[name](folder)]
    finally:
        shutil.rmtree(folder)
    print(table.markdown(rows))


def _mail(folder: Path) -> list[Row]:
    return mail.rows(_regapp(folder / "mail", 2 * mail.LETTERS))


def _doors(folder: Path) -> list[Row]:
    # One in twenty is cancelled.
    return doors.rows(_regapp(folder / "doors", doors.TRIES * 20 // 19 + 1))


def _pages_and_files(folder: Path) -> list[Row]:
    few, many = (_regapp(folder / str(number), number) for number in (FEW, MANY))
    few.start()
    floor = _floor(folder / "floor", few)
    few.stop()
    rows = _cold_start(floor, few)
    for server in (floor, few, many):
        server.start()
    try:
        rows += [_pages(floor, few, clients) for clients in CLIENTS]
        rows += [_flows(floor, few, clients) for clients in CLIENTS]
        rows.append(table.times("memory (PSS) after that", floor.memory(), few.memory(), 3.5, "MiB"))
        _check_nothing_is_lost(few)
        rows += _sizes(few, many)
    finally:
        for server in (floor, few, many):
            server.stop()
    return rows + _exports(many) + _crowds(many)


def _regapp(folder: Path, registrations: int) -> Server:
    """regapp's server, its database filled."""
    folder.mkdir()
    server = Server(folder, "deploy/gunicorn.conf.py", "/2026/", {})
    server.environ |= MAIL | {
        "REGAPP_SECRET_KEY": secrets.token_hex(32),
        "REGAPP_PASSWORD_SALT": secrets.token_hex(32),
        "REGAPP_DATABASE_URL": f"sqlite:///{folder}/regapp.sqlite",
        "REGAPP_INSTANCE": str(folder),
        "REGAPP_BASE_URL": f"http://127.0.0.1:{server.port}",
        "REGAPP_FORM_SECONDS": "0",
    }
    _run(server, BIN / "regapp", "db", "upgrade")
    _run(server, sys.executable, "-m", "bench.filling", str(registrations), PASSWORD)
    return server


def _floor(folder: Path, regapp: Server) -> Server:
    """The floor's server, with pages as large as regapp's."""
    folder.mkdir()
    sizes: dict[str, int] = {}
    load.once(regapp.port, visits.sizes(sizes))
    environ = {
        "FLOOR_DATABASE": str(folder / "floor.sqlite"),
        "FLOOR_SIZES": " ".join(f"{name}={size}" for name, size in sizes.items() if name),
    }
    server = Server(folder, "bench/gunicorn.conf.py", "/", environ)
    _run(server, sys.executable, "-c", "from bench import floor; floor.prepare()")
    return server


def _run(server: Server, *command: str | Path) -> str:
    return subprocess.run(command, cwd=ROOT, env=server.environ, check=True, stdout=subprocess.PIPE, text=True).stdout


def _cold_start(floor: Server, regapp: Server) -> list[Row]:
    seconds: dict[Server, list[float]] = {floor: [], regapp: []}
    for _ in range(ROUNDS):
        for server, taken in seconds.items():
            taken.append(server.start())
            server.stop()
    floors, ours = map(statistics.median, seconds.values())
    return [table.times("cold start to the first answer", floors, ours, 4, "s")]


def _by_turns(first: Callable[[], float], second: Callable[[], float]) -> tuple[float, float]:
    """The medians of both, measured in turns after one round each that doesn't count."""
    first(), second()
    rounds = [(first(), second()) for _ in range(ROUNDS)]
    return statistics.median(a for a, _ in rounds), statistics.median(b for _, b in rounds)


def _pages(floor: Server, regapp: Server, clients: int) -> Row:
    floors, ours = _by_turns(
        lambda: load.per_second(floor.port, visits.page("/"), clients, SECONDS),
        lambda: load.per_second(regapp.port, visits.page("/2026/"), clients, SECONDS),
    )
    many = visits.PAGES_A_VISIT
    return table.share(f"public page, {_people(clients)}", floors * many, ours * many, 0.5, "pages/s")


def _flows(floor: Server, regapp: Server, clients: int) -> Row:
    floors, ours = _by_turns(
        lambda: load.per_second(floor.port, visits.register_at_the_floor, clients, SECONDS),
        lambda: load.per_second(regapp.port, visits.register, clients, SECONDS),
    )
    return table.share(f"registration, {_people(clients)}", floors, ours, 1 / 3, "people/s")


def _people(clients: int) -> str:
    return "1 client" if clients == 1 else f"{clients} clients"


def _check_nothing_is_lost(regapp: Server) -> None:
    """Every registration that was answered is there, and its letter waits."""
    with sqlite3.connect(regapp.folder / "regapp.sqlite") as connection:
        kept = connection.execute(
            "SELECT email FROM registration JOIN outgoing_mail"
            " ON registration_id = registration.id AND recipient = email AND kind = 'confirmation'"
        ).fetchall()
    if {email for (email,) in kept} != visits.answered:
        raise RuntimeError(f"{len(visits.answered)} answered, {len(kept)} kept with a letter")


def _sizes(few: Server, many: Server) -> list[Row]:
    """The same pages with few and with many registrations: milliseconds a page, one client."""
    cookies: dict[Server, str] = {}
    for server in (few, many):
        got: list[str] = []
        load.once(server.port, visits.sign_in("organiser@example.org", PASSWORD, got))
        cookies[server] = got[0]

    def taken(server: Server, path: str) -> float:
        visit = visits.page(path, cookies[server] if "organiser" in path else "")
        return 1000 / (load.per_second(server.port, visit, 1, SECONDS) * visits.PAGES_A_VISIT)

    rows = []
    for what, path in (("public page", "/2026/"), ("attendee list", "/organiser/2026/attendees")):
        low, high = _by_turns(lambda path=path: taken(few, path), lambda path=path: taken(many, path))
        rows.append(table.times(f"{what}, {MANY} registered, beside {FEW}", low, high, 1.2, "ms"))
    return rows


def _exports(many: Server) -> list[Row]:
    figures = json.loads(_run(many, sys.executable, "-m", "bench.exports", str(many.folder)))
    number, rows = figures.pop("rows"), []
    for name, goal in (("csv", 0.5), ("xlsx", 0.6)):
        found = figures[name]
        what = f"{name.upper()}, {number} rows"
        rows.append(table.share(what, number / found["floor"], number / found["ours"], goal, "rows/s"))
        rows.append(table.bound(f"{what}, memory growing", found["growth"], 20, "MiB"))
    return rows


def _crowds(many: Server) -> list[Row]:
    """The last that is done with the many: the day is cancelled in the end."""
    figures = json.loads(_run(many, sys.executable, "-m", "bench.crowds"))
    number = round(figures["letters"])
    what = {
        "asked": f"day changed, {number} to be told: asking first",
        "changed": f"day changed, {number} letters ordered",
        "cancelled": f"day cancelled, {number} letters ordered",
    }
    return [table.bound(words, figures[name], 1000, "ms") for name, words in what.items()]


SECTIONS = {"web": _pages_and_files, "mail": _mail, "doors": _doors}
"""`python -m bench mail` measures one of them."""


if __name__ == "__main__":
    main()
