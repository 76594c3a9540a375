"""Several workers find the mail server in trouble, or well again, at the same moment."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask import Flask

from regapp.core.db import db, writing
from regapp.mailing import outbox
from regapp.mailing.sending import holding
from tests.support.mail.letters import WRITTEN_AT
from tests.support.mail.telling import two_at_once

pytestmark = pytest.mark.usefixtures("context")


@pytest.mark.both_databases("several look at one row at once")
def test_a_queue_runs_again_once_however_many_workers_find_it_so(app: Flask) -> None:
    with writing():
        holding.stop("refused", WRITTEN_AT)
    found: list[bool] = []

    def resume(_now: datetime) -> None:
        found.append(holding.end_stop())

    two_at_once(app, resume, WRITTEN_AT, WRITTEN_AT)
    db.session.rollback()
    assert sorted(found) == [False, True]
    assert outbox.queue_trouble() is None
