"""What a personal link opens, for whom, and when."""

from datetime import datetime, timedelta

import icalendar
import pytest
from flask import Flask

from regapp.core.db import db
from regapp.core.links import Purpose, sign
from regapp.mailing.models import OutgoingMail
from regapp.registrations.letters.links import personal_links
from regapp.registrations.models import Registration, Status
from tests.support.client import CheckingClient, read
from tests.support.days import APPLICATION, STOCKHOLM

pytestmark = pytest.mark.usefixtures("day")

DAY_STARTS = datetime(2026, 11, 25, 9, 0, tzinfo=STOCKHOLM)


@pytest.fixture
def paths(app: Flask, client: CheckingClient) -> dict[str, str]:
    """The paths of the personal pages of somebody who takes part online, in English."""
    client.submit("/en/2026/register", **{**APPLICATION, "attendance": "online"})
    with app.app_context():
        links = personal_links(db.session.query(Registration).one())
    return {name: link.removeprefix("https://anmalan.example.org") for name, link in links.items()}


def status(app: Flask) -> Status:
    with app.app_context():
        return db.session.query(Registration).one().status


def test_the_page_shows_the_registration_in_its_own_language(client: CheckingClient, paths: dict[str, str]) -> None:
    page = client.page(paths["manage"])
    assert page.lang == "en"
    for words in ("Åsa-Märta", "O’Brien Öberg", "asa@example.org", "Nurse", "Karolinska", "Online"):
        assert words in page.text


def test_personal_pages_are_kept_by_nobody_and_told_to_nobody(client: CheckingClient, paths: dict[str, str]) -> None:
    for path in (*paths.values(), paths["manage"] + "/cancel", paths["manage"] + "x"):
        headers = client.get(path).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in headers["X-Robots-Tag"]


def test_cancelling_takes_a_click_and_gives_the_place_back(
    app: Flask, client: CheckingClient, paths: dict[str, str]
) -> None:
    cancel = paths["manage"] + "/cancel"
    for method in (client.get, client.head):
        method(cancel)
    assert status(app) is Status.CONFIRMED
    answer = client.submit(cancel)
    assert "cancelled" in read(answer).text
    assert status(app) is Status.CANCELLED
    client.post(cancel, data={"csrf_token": "forged"})
    with app.app_context():
        kinds = [mail.kind for mail in db.session.query(OutgoingMail).order_by(OutgoingMail.dated_at)]
    assert sorted(kinds) == ["cancellation", "confirmation"]


def test_a_cancel_without_the_pages_token_changes_nothing(
    app: Flask, client: CheckingClient, paths: dict[str, str]
) -> None:
    answer = client.post(paths["manage"] + "/cancel")
    assert "Send again" in read(answer).text or "send again" in read(answer).text
    assert status(app) is Status.CONFIRMED


def test_cancelling_ends_when_the_day_starts(app: Flask, client: CheckingClient, paths: dict[str, str], clock) -> None:
    clock.move_to(DAY_STARTS - timedelta(seconds=1))
    form = client.page(paths["manage"] + "/cancel").form()
    clock.move_to(DAY_STARTS)
    answer = client.send(paths["manage"] + "/cancel", form)
    assert answer.status_code == 422
    assert "The day has started" in read(answer).text
    assert status(app) is Status.CONFIRMED


def test_who_cancelled_can_register_again_with_a_new_entry(
    app: Flask, client: CheckingClient, paths: dict[str, str]
) -> None:
    client.submit(paths["manage"] + "/cancel")
    client.submit("/2026/register", **APPLICATION)
    with app.app_context():
        old, new = db.session.query(Registration).order_by(Registration.id)
        assert (old.status, new.status) == (Status.CANCELLED, Status.CONFIRMED)
        assert old.calendar_uid != new.calendar_uid


@pytest.mark.parametrize(
    ("at", "words", "buttons"),
    [
        (datetime(2026, 11, 25, 8, 29, tzinfo=STOCKHOLM), "opens", 0),
        (datetime(2026, 11, 25, 8, 30, tzinfo=STOCKHOLM), "Join", 1),
        (datetime(2026, 11, 25, 16, 30, tzinfo=STOCKHOLM), "over", 0),
    ],
)
def test_the_door_to_the_meeting_opens_in_time_and_closes_after(
    client: CheckingClient, paths: dict[str, str], clock, at: datetime, words: str, buttons: int
) -> None:
    clock.move_to(at)
    page = client.page(paths["join"])
    assert words in page.text
    assert "meeting.example.org" not in page.html
    assert len([form for form in page.all("form")]) == buttons


def test_a_click_at_the_open_door_gives_the_meetings_address(
    client: CheckingClient, paths: dict[str, str], clock
) -> None:
    clock.move_to(DAY_STARTS)
    answer = client.submit(paths["join"])
    assert "https://meeting.example.org/secret-room" in read(answer).links()


def test_who_cancelled_cannot_join(client: CheckingClient, paths: dict[str, str], clock) -> None:
    client.submit(paths["manage"] + "/cancel")
    clock.move_to(DAY_STARTS)
    assert "meeting.example.org" not in client.page(paths["join"]).html
    assert not list(client.page(paths["join"]).all("form"))


def test_the_calendar_file_is_the_persons_own_and_invites_nobody(client: CheckingClient, paths: dict[str, str]) -> None:
    calendar = icalendar.Calendar.from_ical(client.get(paths["manage"] + "/event.ics").data)
    (event,) = calendar.walk("VEVENT")
    assert calendar["METHOD"] == "PUBLISH"
    assert "ATTENDEE" not in event
    assert event["LOCATION"] == "https://anmalan.example.org" + paths["join"]
    assert "/my/" not in calendar.to_ical().decode()


def test_tokens_of_one_purpose_open_no_other_door(client: CheckingClient, paths: dict[str, str]) -> None:
    manage, join = (path.rpartition("/")[2] for path in (paths["manage"], paths["join"]))
    assert client.get(f"/my/{join}").status_code == 404
    assert client.get(f"/join/{manage}").status_code == 404


def test_an_altered_or_rotated_link_opens_nothing(app: Flask, client: CheckingClient, paths: dict[str, str]) -> None:
    for altered in (paths["manage"][:-1], paths["manage"] + "A", "/my/x", "/my/..", "/my/%00"):
        assert client.get(altered).status_code == 404
    with app.app_context():
        registration = db.session.query(Registration).one()
        other = sign(Purpose.MANAGE, registration.public_id, registration.link_version + 1)
    assert client.get(f"/my/{other}").status_code == 404


def test_links_die_thirty_days_after_the_day(client: CheckingClient, paths: dict[str, str], clock) -> None:
    clock.move_to(datetime(2026, 12, 25, 16, 29, tzinfo=STOCKHOLM))
    assert client.get(paths["manage"]).status_code == 200
    clock.shift(60)
    assert client.get(paths["manage"]).status_code == 404


def test_nothing_in_the_database_opens_a_door(app: Flask, paths: dict[str, str]) -> None:
    tokens = [path.split("/")[2] for path in paths.values()]
    assert all(len(token) > 40 for token in tokens)
    with app.app_context():
        for table in db.metadata.sorted_tables:
            for row in db.session.execute(table.select()):
                assert not any(token in str(value) for token in tokens for value in row)
