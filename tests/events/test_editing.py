"""What organisers may do with a day."""

import dataclasses
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from regapp.core import audit
from regapp.core.db import db, writing
from regapp.core.errors import RuleBroken
from regapp.events import drafts, editing
from regapp.events.drafts import Draft, Session
from regapp.events.editing import SavedByAnother
from regapp.events.models import Event, Publication
from tests.support.days import STOCKHOLM, new_day

pytestmark = pytest.mark.usefixtures("context")

AT = datetime(2026, 8, 2, tzinfo=UTC)


def a_draft(**changes: Any) -> Draft:
    values: dict[str, Any] = {
        **{field.name: "" for field in dataclasses.fields(Draft)},
        "slug": "2027", "title_sv": "Dagen", "venue": "Salen", "contact_email": "x@example.org",
        "starts_at": datetime(2027, 11, 25, 9, tzinfo=STOCKHOLM),
        "ends_at": datetime(2027, 11, 25, 16, tzinfo=STOCKHOLM),
        "opens_at": datetime(2027, 9, 1, 8, tzinfo=STOCKHOLM),
        "closes_at": drafts.end_of(date(2027, 11, 11), STOCKHOLM),
        "changes_close_at": drafts.end_of(date(2027, 11, 18), STOCKHOLM),
        "promote_until": datetime(2027, 11, 24, 12, tzinfo=STOCKHOLM), "offer_days": 14,
        "seats_on_site": 10, "seats_online": None, "join_minutes_before": 30, "doors_open": None,
        "programme": (Session(time(9), "Start"), Session(time(10), "Paus")),
    }  # fmt: skip
    return Draft(**{**values, **changes})


def save(event: Event, version: int, **changes: Any) -> Event:
    draft = dataclasses.replace(Draft.of(db.session.get_one(Event, event.id)), **changes)
    with writing():
        return editing.save(event.id, version, draft, AT, actor="organiser:1")


def test_a_new_day_is_a_draft_with_its_programme() -> None:
    with writing():
        event = editing.create(a_draft(), AT, actor="organiser:1")
    assert event.publication is Publication.DRAFT
    assert Draft.of(event) == a_draft()
    assert event.last_day == date(2027, 11, 11)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"slug": "1999"}, "slug"),
        ({"slug": "2027-Höst"}, "slug"),
        ({"slug": "２０２７"}, "slug"),
        ({"ends_at": datetime(2027, 11, 25, 8, tzinfo=STOCKHOLM)}, "ends"),
        ({"doors_open": time(9)}, "doors_open"),
        ({"closes_at": drafts.end_of(date(2027, 11, 25), STOCKHOLM)}, "last_day"),
        ({"changes_close_at": drafts.end_of(date(2027, 11, 25), STOCKHOLM)}, "last_change_day"),
        ({"promote_until": datetime(2027, 11, 25, 9, 1, tzinfo=STOCKHOLM)}, "line_ends_on"),
        ({"opens_at": datetime(2027, 11, 12, tzinfo=STOCKHOLM)}, "opens_on"),
        ({"meeting_url": "http://meeting.example.org"}, "meeting_url"),
        ({"meeting_url": "https://"}, "meeting_url"),
        ({"meeting_url": "javascript:alert(1)"}, "meeting_url"),
        ({"sound_test_url": "http://meeting.example.org"}, "sound_test_url"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(RuleBroken) as refused, writing():
        editing.create(a_draft(**changes), AT, actor="organiser:1")
    assert refused.value.field == field
    assert db.session.scalar(select(Event)) is None


def test_the_last_day_may_be_the_day_before() -> None:
    with writing():
        editing.create(a_draft(closes_at=drafts.end_of(date(2027, 11, 24), STOCKHOLM)), AT, actor="organiser:1")


def test_an_address_is_one_days() -> None:
    new_day(slug="2027")
    with pytest.raises(editing.SlugRefused), writing():
        editing.create(a_draft(), AT, actor="organiser:1")


def test_the_second_of_two_who_edit_learns_what_the_first_changed() -> None:
    event = new_day()
    save(event, 1, venue="Annan sal", programme=(Session(time(8, 30), "Kaffe"),))
    with pytest.raises(SavedByAnother) as conflict:
        save(event, 1, title_sv="Ny titel")
    assert conflict.value.changed == {"venue", "programme"}
    assert conflict.value.saved.venue == "Annan sal"
    saved = save(event, conflict.value.version, title_sv="Ny titel")
    assert (saved.title_sv, saved.venue, len(saved.programme)) == ("Ny titel", "Annan sal", 1)


def test_a_change_of_the_programme_alone_is_noticed_too() -> None:
    event = new_day()
    save(event, 1, programme=())
    with pytest.raises(SavedByAnother):
        save(event, 1, venue="Annan sal")


def test_publishing_meanwhile_is_no_conflict() -> None:
    event = new_day(publication=Publication.DRAFT)
    with writing():
        editing.publish(event.id, 1, AT, actor="organiser:1")
    assert save(event, 1, venue="Annan sal").venue == "Annan sal"


def test_saving_what_is_saved_writes_nothing() -> None:
    event = new_day()
    assert save(event, 1).version == 1
    assert db.session.scalar(select(audit.AuditEntry)) is None


OTHER_MEETING = "https://meeting.example.org/another-room"


@pytest.mark.parametrize(
    ("day", "changes", "is_noted"),
    [
        ({}, {"meeting_url": OTHER_MEETING}, True),
        ({}, {"meeting_url": ""}, True),
        ({}, {"sound_test_url": OTHER_MEETING, "venue": "Annan sal"}, False),
        ({"meeting_url": ""}, {"meeting_url": OTHER_MEETING}, False),
        ({"publication": Publication.DRAFT}, {"meeting_url": OTHER_MEETING}, False),
    ],
)
def test_when_a_published_days_meeting_moved_is_noted(
    day: dict[str, Any], changes: dict[str, Any], is_noted: bool
) -> None:
    event = save(new_day(**day), 1, **changes)
    assert event.meeting_url_changed_at == (AT if is_noted else None)


def test_a_published_days_address_stays() -> None:
    with pytest.raises(editing.SlugRefused):
        save(new_day(), 1, slug="2028")
    assert save(new_day(slug="2029", publication=Publication.DRAFT), 1, slug="2030").slug == "2030"


def test_a_day_on_site_is_published_with_a_venue() -> None:
    event = new_day(publication=Publication.DRAFT, venue="")
    with pytest.raises(RuleBroken), writing():
        editing.publish(event.id, 1, AT, actor="organiser:1")
    online = new_day(slug="2027", publication=Publication.DRAFT, venue="", seats_on_site=0)
    with writing():
        assert editing.publish(online.id, 1, AT, actor="organiser:1").is_public()


def test_a_day_with_registrations_does_not_become_a_draft() -> None:
    event = new_day()
    with pytest.raises(RuleBroken), writing():
        editing.unpublish(event.id, 1, AT, actor="organiser:1", has_registrations=lambda _id: True)
    with writing():
        moved = editing.unpublish(event.id, 1, AT, actor="organiser:1", has_registrations=lambda _id: False)
    assert moved.publication is Publication.DRAFT


def test_a_cancelled_day_stays_cancelled_and_a_day_that_was_is_not_cancelled() -> None:
    event = new_day()
    with pytest.raises(RuleBroken), writing():
        editing.cancel(event.id, 1, event.ends_at + timedelta(days=1), actor="organiser:1")
    with writing():
        version = editing.cancel(event.id, 1, AT, actor="organiser:1").version
    with pytest.raises(RuleBroken), writing():
        editing.publish(event.id, version, AT, actor="organiser:1")
    with pytest.raises(RuleBroken), writing():
        editing.cancel(event.id, version, AT, actor="organiser:1")
