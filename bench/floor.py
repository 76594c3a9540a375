"""The floor: a Flask app that does the least that regapp's pages do, on the same kind of file with the same promises.

Each page is Jinja's, as large in bytes as regapp's, with one SQLite read; the form's POST inserts a row and commits.
"""

import os
import sqlite3
import threading
from typing import Any

from flask import Flask, redirect, render_template, request
from jinja2 import DictLoader

app = Flask(__name__)
app.jinja_loader = DictLoader(
    {
        "page.html": "<!doctype html>\n<html lang=sv>\n<title>{{ day.title }}</title>\n<h1>{{ day.title }}</h1>\n"
        "<p>{{ day.description }}</p>\n{{ more }}\n</html>",
    }
)
SIZES = {name: int(size) for name, _, size in (pair.partition("=") for pair in os.environ["FLOOR_SIZES"].split())}
"""Bytes of regapp's pages by name."""

_kept = threading.local()


def connection() -> sqlite3.Connection:
    """One connection a thread: nothing is opened for a request."""
    if not hasattr(_kept, "connection"):
        _kept.connection = connect()
    return _kept.connection


def connect() -> sqlite3.Connection:
    opened = sqlite3.connect(os.environ["FLOOR_DATABASE"], isolation_level=None, timeout=10)
    opened.row_factory = sqlite3.Row
    opened.execute("PRAGMA synchronous = FULL")
    return opened


def prepare() -> None:
    """The tables and the day, in a file that keeps a write-ahead log as regapp's does."""
    opened = connect()
    opened.execute("PRAGMA journal_mode = WAL")
    opened.executescript(
        "CREATE TABLE day (slug TEXT PRIMARY KEY, title TEXT, description TEXT);"
        "CREATE TABLE registration (id INTEGER PRIMARY KEY, name TEXT, email TEXT);"
        "INSERT INTO day VALUES ('2026', 'Utbildningsdag', 'En dag om CAR T-cellsbehandling.');"
    )
    opened.close()


def page(name: str) -> str:
    day: Any = connection().execute("SELECT slug, title, description FROM day WHERE slug = '2026'").fetchone()
    return render_template("page.html", day=day, more=FILLING[name])


def _filling(size: int) -> str:
    with app.app_context():
        empty = render_template("page.html", day={"title": "Utbildningsdag", "description": "x" * 33}, more="")
    return "." * (size - len(empty))


FILLING = {name: _filling(size) for name, size in SIZES.items()}


@app.get("/")
def day() -> str:
    return page("page")


@app.get("/register")
def form() -> str:
    return page("form")


@app.post("/register")
def register() -> Any:
    values = (f"{request.form['first_name']} {request.form['last_name']}", request.form["email"])
    connection().execute("INSERT INTO registration (name, email) VALUES (?, ?)", values)
    return redirect("/received")


@app.get("/received")
def received() -> str:
    return page("answer")
