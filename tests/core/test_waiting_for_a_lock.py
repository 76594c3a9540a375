"""How long a writer waits for SQLite's one write lock."""

from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine

import regapp  # noqa: F401 - its way to connect


@pytest.mark.parametrize(("told", "seconds"), [("", 10), ("?timeout=0.5", 0.5)])
def test_a_writer_waits_ten_seconds_for_the_lock_unless_the_address_says_otherwise(
    tmp_path: Path, told: str, seconds: float
) -> None:
    with create_engine(f"sqlite:///{tmp_path}/any.sqlite{told}", poolclass=NullPool).connect() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == seconds * 1000
