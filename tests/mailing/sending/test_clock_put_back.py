"""A clock that was an hour ahead and is put right keeps no letter waiting for that hour."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from regapp.core.db import writing
from regapp.mailing.sending import holding
from regapp.mailing.sending.delivery import deliver_due
from regapp.mailing.sending.transport import SmtpTransport
from tests.support.mail.letters import WRITTEN_AT, put
from tests.support.mail.smtp import SmtpServer

pytestmark = pytest.mark.usefixtures("context")

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


def test_a_queue_that_was_stopped_tries_again(route: SmtpTransport, server: SmtpServer) -> None:
    put(at=WRITTEN_AT)
    with writing():
        holding.stop("refused", WRITTEN_AT + HOUR)
    with time_machine.travel(WRITTEN_AT, tick=False):
        assert deliver_due(route).handled == 1
    assert len(server.received) == 1


def test_a_stopped_queue_still_waits_for_its_pause(route: SmtpTransport, server: SmtpServer) -> None:
    put(at=WRITTEN_AT)
    with writing():
        holding.stop("refused", WRITTEN_AT)
    with time_machine.travel(WRITTEN_AT + 4 * SECOND, tick=False):
        assert deliver_due(route).handled == 0
    with time_machine.travel(WRITTEN_AT + 5 * SECOND, tick=False):
        assert deliver_due(route).handled == 1


@pytest.mark.both_databases("SQL counts within a minute")
def test_the_rate_counts_what_was_sent_in_the_minute_that_is_past(route: SmtpTransport, server: SmtpServer) -> None:
    put("first", at=WRITTEN_AT)
    with time_machine.travel(WRITTEN_AT + HOUR, tick=False):
        assert deliver_due(route, per_minute=1).handled == 1
    put("second", at=WRITTEN_AT)
    put("third", at=WRITTEN_AT)
    with time_machine.travel(WRITTEN_AT, tick=False) as clock:
        assert deliver_due(route, per_minute=1).handled == 1
        clock.shift(59 * SECOND)
        assert deliver_due(route, per_minute=1).handled == 0
        clock.shift(SECOND)
        assert deliver_due(route, per_minute=1).handled == 1
