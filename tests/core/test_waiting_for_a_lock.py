"""How long a transaction waits for somebody else's lock."""

from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine

import config
from regapp.core import db as core_db
from regapp.core.db import db
from regapp.events.models import Event
from regapp.mailing.sending.transport import SmtpTransport
from regapp.worker import Worker
from tests.support.days import new_day
from tests.support.machine.disks import Lock
from tests.support.machine.postgres import Cluster


@pytest.mark.parametrize(("told", "seconds"), [("", 10), ("?timeout=0.5", 0.5)])
def test_a_writer_waits_ten_seconds_for_the_lock_unless_the_address_says_otherwise(
    tmp_path: Path, told: str, seconds: float
) -> None:
    with create_engine(f"sqlite:///{tmp_path}/any.sqlite{told}", poolclass=NullPool).connect() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == seconds * 1000


@pytest.mark.postgres
@pytest.mark.parametrize(("told", "shown"), [("", "10s"), ("&options=-c lock_timeout=500", "500ms")])
def test_on_postgresql_too_for_any_lock(postgres_cluster: Cluster, told: str, shown: str) -> None:
    url = postgres_cluster.url("postgres") + told
    with create_engine(url, poolclass=NullPool).connect() as connection:
        assert connection.exec_driver_sql("SHOW lock_timeout").scalar() == shown


@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_a_chore_that_waits_in_vain_keeps_no_other_from_its_turn(
    context: None, settings: config.Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(core_db, "BUSY_TIMEOUT_S", 0.05)
    day, held, done = new_day().id, Lock(db.engine), []
    db.session.remove()
    db.engine.dispose()

    def settle(_now: object) -> None:
        core_db.lock(Event, day)

    def dispose(_now: object) -> None:
        done.append("dispose")
        working.stop()

    held.take(of_row=True)
    working = Worker([settle, dispose], SmtpTransport(settings))
    working.run()
    held.give_back()
    assert done == ["dispose"]
    assert "the chore settle waited in vain for a lock" in caplog.text
