"""How long a transaction waits for somebody else's lock."""

from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine

import regapp  # noqa: F401 - its way to connect
from tests.support.postgres import Cluster


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
