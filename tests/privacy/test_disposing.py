"""What people told about their health is gone when the time that they were promised is over."""

from datetime import datetime, timedelta

import pytest
from flask import Flask

from regapp.core import audit
from regapp.core.audit import AuditEntry
from regapp.core.db import db, writing
from regapp.privacy.disposing import dispose_of_health, dispose_of_reasons
from regapp.registrations import cancelling
from regapp.registrations.models import HealthNote, Registration
from tests.registrations.conftest import clock, day  # noqa: F401
from tests.support.client import CheckingClient
from tests.support.days import APPLICATION, STOCKHOLM, WHILE_OPEN

DAY_ENDS = datetime(2026, 11, 25, 16, 30, tzinfo=STOCKHOLM)


@pytest.mark.both_databases("DELETE … RETURNING, and SQL compares instants")
@pytest.mark.usefixtures("day")
def test_diets_and_access_needs_go_fourteen_days_after_the_day(app: Flask, client: CheckingClient) -> None:
    client.submit("/2026/register", **APPLICATION, diets=["vegan"], health_consent=True)
    with app.app_context():
        for instant, left in [(DAY_ENDS + timedelta(days=14, seconds=-1), 1), (DAY_ENDS + timedelta(days=14), 0)]:
            with writing():
                dispose_of_health(instant)
            assert db.session.query(HealthNote).count() == left
        assert db.session.query(Registration).count() == 1
        (entry,) = db.session.query(AuditEntry).filter_by(action="health_notes.disposed_of")
        assert entry.details == {"number": 1}


@pytest.mark.usefixtures("day")
def test_a_cancelled_persons_diet_goes_when_the_cancellation_cannot_be_undone(
    app: Flask, client: CheckingClient
) -> None:
    client.submit("/2026/register", **APPLICATION, diets=["vegan"], health_consent=True)
    with app.app_context():
        with writing():
            cancelling.cancel(1, WHILE_OPEN)
        for instant, left in [(WHILE_OPEN + timedelta(minutes=9), 1), (WHILE_OPEN + timedelta(minutes=10), 0)]:
            with writing():
                dispose_of_health(instant)
            assert db.session.query(HealthNote).count() == left


@pytest.mark.both_databases("DELETE … RETURNING, and SQL compares instants")
@pytest.mark.usefixtures("day", "context")
def test_why_an_organiser_did_something_is_kept_for_ninety_days_after_the_day_and_the_log_stays() -> None:
    with writing():
        audit.record("registration.moved_up", actor="organiser:1", at=WHILE_OPEN, event_id=1, reason="Åsa är läkare")
        audit.record("attendees.exported", actor="organiser:1", at=WHILE_OPEN, event_id=1, count=3)
    for instant, left in [(DAY_ENDS + timedelta(days=90, seconds=-1), 1), (DAY_ENDS + timedelta(days=90), 0)]:
        with writing():
            dispose_of_reasons(instant)
        assert db.session.query(audit.Reason).count() == left
    entries = [
        (entry.action, entry.reason, entry.details) for entry in db.session.query(AuditEntry).order_by(AuditEntry.id)
    ]
    assert entries == [
        ("registration.moved_up", "", {}),
        ("attendees.exported", "", {"count": 3}),
        ("reasons.disposed_of", "", {"number": 1}),
    ]
    with writing():
        dispose_of_reasons(DAY_ENDS + timedelta(days=91))
    assert db.session.query(AuditEntry).count() == 3


@pytest.mark.usefixtures("day", "context")
def test_why_something_was_done_about_a_day_that_is_gone_goes_too() -> None:
    with writing():
        audit.record("attendees.exported", actor="organiser:1", at=WHILE_OPEN, reason="till köket")
    with writing():
        dispose_of_reasons(WHILE_OPEN + timedelta(days=90))
    assert db.session.query(audit.Reason).count() == 0
