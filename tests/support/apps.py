"""The app, made once for each set of settings: making it, and every first time in it, takes longer than most tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from jinja2 import FileSystemBytecodeCache

from config import Settings
from regapp import connect_rooms, create_app
from regapp.core import context
from regapp.core.db import disconnect
from tests.support.client import CheckingClient

ONE_ROUND = {"argon2__time_cost": 1, "argon2__memory_cost": 8, "argon2__parallelism": 1}


class Apps:
    """Lends an app to one test after another, each time as it was made.

    Where passwords are `cheap`, they are hashed with the least work that argon2 can do: other tests are about its cost.
    """

    def __init__(self, folder: Path, *, cheap: bool = True) -> None:
        self._cheap = cheap
        self._compiled = FileSystemBytecodeCache(str(folder))
        self._made: dict[Settings, tuple[Flask, dict[str, object]]] = {}

    @contextmanager
    def borrow(self, settings: Settings) -> Iterator[Flask]:
        if settings not in self._made:
            app = self._make(settings)
            self._made[settings] = app, dict(app.extensions)
        app, extensions = self._made[settings]
        app.extensions.clear()
        app.extensions.update(extensions)
        context.use_settings(settings)
        connect_rooms()
        yield app
        # The next test's database lies at the same address: no connection to this one may be left.
        with app.app_context():
            disconnect()

    def _make(self, settings: Settings) -> Flask:
        app = create_app(settings)
        app.testing = True
        app.jinja_env.bytecode_cache = self._compiled
        app.test_client_class = CheckingClient
        if self._cheap:
            app.extensions["security"].pwd_context.update(**ONE_ROUND)
        return app
