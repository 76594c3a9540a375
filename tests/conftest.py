"""What every test may ask for: a database of its own, the app, a client, the whole system, a browser."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient

import config
from regapp.core.i18n import DEFAULT_LANGUAGE, set_language
from tests.support.apps import Apps
from tests.support.machine import lock_order
from tests.support.machine.databases import Databases
from tests.support.machine.memory import write_in_memory
from tests.support.machine.parts import PARTS, how_to_get
from tests.support.machine.postgres import Cluster, find_binaries
from tests.support.machine.server import System, environment
from tests.support.mail.dovecot import Dovecot
from tests.support.mail.smtp import SmtpServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.support.browser import Windows

write_in_memory()

# On a busy machine an example may take long; a slow rule is for the bench to find.
hypothesis.settings.register_profile("house", deadline=None, stateful_step_count=20)
# `make torture` takes this one.
hypothesis.settings.register_profile("torture", deadline=None, max_examples=500, stateful_step_count=50)
hypothesis.settings.load_profile("house")

MISSING = [part for part in PARTS if not part.is_here()]
IN_CI = os.environ.get("CI") == "true"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test marked `both_databases` runs on each, for the reason that it gives; the others on SQLite."""
    marker = metafunc.definition.get_closest_marker("both_databases")
    if marker is None:
        return
    if not marker.args:
        pytest.fail(f"{metafunc.definition.nodeid}: both_databases wants the reason as an argument", pytrace=False)
    if "database_url" in metafunc.fixturenames:
        kinds = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
        metafunc.parametrize("database_url", kinds, indirect=True)


def pytest_collection_finish() -> None:
    """What has been made by now stays: nobody looks through it for garbage, time and again."""
    gc.collect()
    gc.freeze()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A missing part skips the test that needs it; in CI it is a failure."""
    for part in MISSING:
        if item.get_closest_marker(part.marker):
            if IN_CI:
                pytest.fail(f"{part.package} is missing: {how_to_get({part.package})}", pytrace=False)
            pytest.skip(f"needs {part.package}")


def pytest_unconfigure(config: pytest.Config) -> None:
    """The very last line, after pytest's own, so that nobody takes a run with gaps for a whole one."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    missed = reporter.stats.get("skipped", []) if reporter is not None else []
    packages = {part.package for part in PARTS if any(part.package in str(report.longrepr) for report in missed)}
    if packages:
        text = f"{len(missed)} tests were skipped for want of a part: {how_to_get(packages)}"
        reporter.write_line(text, red=True, bold=True)


@pytest.fixture(scope="session", autouse=True)
def _watched_locks() -> Iterator[list[str]]:
    with lock_order.watched() as wrong:
        yield wrong


@pytest.fixture(autouse=True)
def _locks_in_order(_watched_locks: list[str]) -> Iterator[None]:
    """Fails a test in which a transaction took its locks in another order than everybody does."""
    yield
    found = [*_watched_locks]
    _watched_locks.clear()
    assert found == []


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    """A PostgreSQL server; only for tests marked `postgres`."""
    binaries = find_binaries()
    assert binaries is not None
    cluster = Cluster(binaries)
    yield cluster
    cluster.remove()


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """An IMAP server; only for tests marked `dovecot`."""
    server = Dovecot()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    return Databases(tmp_path_factory.mktemp("databases"))


@pytest.fixture
def database_url(request: pytest.FixtureRequest, databases: Databases) -> str:
    """A migrated, empty database that no other test writes to meanwhile."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return databases.new_sqlite()
    return databases.new_postgresql(request.getfixturevalue("postgres_cluster"))


@pytest.fixture
def instance(databases: Databases) -> Path:
    """The folder for what the service writes, empty."""
    folder = databases.folder / "instance"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def _running_smtp() -> Iterator[SmtpServer]:
    with SmtpServer() as running:
        yield running


@pytest.fixture
def server(_running_smtp: SmtpServer) -> SmtpServer:
    """A mail server that has received nothing yet, in good weather."""
    _running_smtp.forget()
    return _running_smtp


@pytest.fixture
def environ(database_url: str, instance: Path) -> dict[str, str]:
    """The REGAPP_… variables; a module that wants others overrides this fixture."""
    return environment(database_url, instance)


@pytest.fixture
def settings(environ: dict[str, str]) -> config.Settings:
    return config.load(environ)


@pytest.fixture(scope="session")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Apps:
    return Apps(tmp_path_factory.mktemp("compiled"))


@pytest.fixture
def app(settings: config.Settings, apps: Apps) -> Iterator[Flask]:
    """The app, with nothing pushed: code that needs a context takes `with app.app_context()` or `context`.

    A test that adds to the app itself, or is about the work of argon2, takes `app_of_its_own`.
    """
    with apps.borrow(settings) as app:
        yield app


@pytest.fixture
def app_of_its_own(settings: config.Settings, tmp_path: Path) -> Iterator[Flask]:
    with Apps(tmp_path, cheap=False).borrow(settings) as app:
        yield app


@pytest.fixture(autouse=True)
def swedish() -> None:
    """A request sets the language of its thread, and here all requests share one with the next test."""
    set_language(DEFAULT_LANGUAGE)


@pytest.fixture
def context(app: Flask) -> Iterator[None]:
    """An app context around the test: for rules, which need no request."""
    with app.app_context():
        yield


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A CheckingClient: every page that it opens must be well made."""
    return app.test_client()


@pytest.fixture
def start_system(database_url: str, tmp_path: Path) -> Iterator[Callable[..., System]]:
    """Starts the whole service on the test's database: `start_system(mail_port=…, processes=8)`."""
    systems: list[System] = []

    def start(*, mail_port: int = 9, **options: Any) -> System:
        systems.append(System(database_url, tmp_path / f"system{len(systems)}", mail_port=mail_port, **options))
        return systems[-1].start()

    yield start
    for system in systems:
        system.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; only for tests marked `browser`."""
    from tests.support.browser import chromium

    with chromium() as launched:
        yield launched


@pytest.fixture(scope="session")
def _all_windows(browser: Browser) -> Windows:
    from tests.support.browser import Windows

    return Windows(browser)


@pytest.fixture
def windows(_all_windows: Windows) -> Iterator[Windows]:
    """Opens browser windows; no request may leave this machine, no script may fail."""
    yield _all_windows
    _all_windows.put_away()
