"""One installation filled with everything that a page can show: days in every state, people, organisers.

The days lie around the present instant, so that nobody has to move the server's clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

import config
from regapp import create_app
from regapp.accounts import links
from regapp.accounts.roles import Role
from regapp.campaigns.models import Audience, Reminder
from regapp.core import clock, context
from regapp.core.db import db, disconnect, writing
from regapp.demo import filling
from regapp.events import drafts
from regapp.events.models import Event, ProgrammeItem, Publication
from regapp.mailing.models import CalendarAnswer, MailState, OutgoingMail, UnclearReturn
from regapp.registrations import filling as promoting
from regapp.registrations import finding, registering
from regapp.registrations.application import Application
from regapp.registrations.attempts import Attempt
from regapp.registrations.choices import Diet, Profession, Wish
from regapp.registrations.letters import calendar_answers
from regapp.registrations.letters.links import personal_links
from regapp.registrations.models import Registration, Status
from tests.support.days import STOCKHOLM, new_day
from tests.support.machine.server import System
from tests.support.organisers import add_organiser

DAY = timedelta(days=1)
LONG_WORD = "Läkemedelsbiverkningsrapporteringssystemsutvärderingsgruppssammankomstprotokoll"
LONG_ADDRESS = (
    "maria.magdalena.von.und.zu.oxenstierna-natt-och-dag-lagercrantz@" + "universitetssjukhus." * 4 + "example.org"
)
LANGUAGES = ("sv", "en")
TAKEN = (
    ("2027-full", Wish.ON_SITE),
    ("2027-full", Wish.ONLINE),
    ("2027-hall-full", Wish.ON_SITE),
    ("2027-near", Wish.ON_SITE),
)
"""The only places of these days, which somebody has."""


class House:
    """The running service and what is in it."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.system = System(database_url, folder, mail_port=9)
        self.settings = config.load(self.system.environ)
        self.app = create_app(self.settings)
        self.slug = ""
        self.person = ""
        self.waiting = ""
        self.undoable = ""
        self.letters: dict[str, str] = {}
        self.attempt = 0
        self.fill()
        self.system.start_web()

    def url(self, path: str) -> str:
        return self.system.base_url + path

    @contextmanager
    def inside(self) -> Iterator[datetime]:
        """In the app's context, with this installation's own settings; gives the present instant."""
        context.use_settings(self.settings)
        with self.app.app_context():
            yield clock.now()
            db.session.remove()

    def close(self) -> None:
        self.system.stop()
        with self.app.app_context():
            disconnect()

    def fill(self) -> None:
        with self.inside() as now:
            self.slug = _demo_day(now)
            for day in _other_days(now):
                new_day(**day)
            with writing():
                for slug, wish in TAKEN:
                    application = an_application(email=f"first.{wish}@example.org", wish=wish)
                    db.session.add(application.to_registration(_event(slug), now - DAY))
            self.person = _talkative_person(self.slug, now)
            self.waiting = _queue(now)
            self.undoable = _cancelled_person("2027-full", now)
            self.letters = _letters(self.slug)
            self.attempt = _attempts(self.slug, now)
            _reminders_of_every_kind(now)
        for language in LANGUAGES:
            add_organiser(self.app, Role.ORGANISER, f"{language}@example.org", language=language)

    def links_of(self, email: str, slug: str) -> dict[str, str]:
        """The paths of a participant's own pages: manage and join."""
        with self.inside():
            found = finding.find_active(_event(slug).id, email)
            assert found is not None, f"{email} is not registered for {slug}"
            return self._paths(found)

    def new_participant(
        self, slug: str, language: str, *, cancelled: bool = False, offered: bool = False, **changes: Any
    ) -> dict[str, str]:
        """Somebody who registered yesterday, without a letter; the paths of their own pages."""
        with self.inside() as now:
            with writing():
                person = an_application(language=language, **changes).to_registration(_event(slug), now - DAY)
                if cancelled:
                    person.status, person.cancelled_at = Status.CANCELLED, now
                    person.cancelled_from = Status.CONFIRMED
                _put_in_line(person, changes.get("wish"), now + DAY if offered else None)
                db.session.add(person)
            return self._paths(person)

    @contextmanager
    def closed(self, slug: str) -> Iterator[None]:
        """Meanwhile the last day to register has just passed."""
        with self.inside() as now, writing():
            event = _event(slug)
            closes_at, event.closes_at = event.closes_at, now - timedelta(minutes=1)
        yield
        with self.inside(), writing():
            _event(slug).closes_at = closes_at

    def _paths(self, person: Registration) -> dict[str, str]:
        return {name: link.removeprefix(self.settings.base_url) for name, link in personal_links(person).items()}

    def password_path(self, organiser: str) -> str:
        """The path where an organiser chooses a password."""
        from regapp.accounts import managing

        with self.inside() as now:
            address = links.address_of(managing.get_by_email(organiser), now + DAY)
        return address.removeprefix(self.settings.base_url)


def _event(slug: str) -> Event:
    return db.session.query(Event).filter_by(slug=slug).one()


def _put_in_line(person: Registration, wish: Wish | None, answer_by: datetime | None) -> None:
    if wish in {Wish.ONLINE_AND_LINE, Wish.LINE}:
        person.in_line_since, person.answer_by = person.received_at, answer_by
    if wish is Wish.LINE:
        person.status = Status.WAITING


def _demo_day(now: datetime) -> str:
    with writing():
        return filling.add_day(now).slug


def _other_days(now: datetime) -> list[dict[str, Any]]:
    """A day in each state that the demo day isn't in; the last word of the slug says which."""

    def day(word: str, starts_at: datetime, **changes: Any) -> dict[str, Any]:
        return {
            "slug": f"2027-{word}",
            "starts_at": starts_at,
            "ends_at": starts_at + timedelta(hours=7),
            "opens_at": now - 30 * DAY,
            "closes_at": drafts.end_of((starts_at - 14 * DAY).date(), STOCKHOLM),
            "changes_close_at": drafts.end_of((starts_at - 7 * DAY).date(), STOCKHOLM),
            "promote_until": starts_at - DAY,
            "description_sv": "En dag om CAR T-celler.",
            "description_en": "A day about CAR T cells.",
            **changes,
        }

    ahead = (now + 400 * DAY).astimezone(STOCKHOLM).replace(hour=9, minute=0, second=0, microsecond=0)
    return [
        day("soon", ahead, opens_at=now + 30 * DAY),
        day("closed", ahead, closes_at=drafts.end_of((now - 2 * DAY).date(), STOCKHOLM)),
        day("cancelled", ahead, publication=Publication.CANCELLED),
        day("halted", ahead, publication=Publication.CANCELLED, cancellation_due_at=now + timedelta(hours=1)),
        day("wavering", ahead),
        day(
            "over", now - 40 * DAY, opens_at=now - 90 * DAY, closes_at=drafts.end_of((now - 50 * DAY).date(), STOCKHOLM)
        ),
        day("full", ahead, seats_on_site=1, seats_online=1),
        day("hall-full", ahead, seats_on_site=1),
        day("online", ahead, seats_on_site=0),
        day("half", ahead, seats_on_site=1),
        day("near", now + 10 * DAY, closes_at=now - DAY, changes_close_at=now - DAY, seats_on_site=1),
        day("queue", now + 20 * DAY, offer_days=30, seats_on_site=1, **_late(now)),
        day("draft", ahead, publication=Publication.DRAFT),
        day("free", ahead, seats_on_site=None, doors_open=time(0, 5)),
        day(
            "today",
            now - timedelta(minutes=5),
            closes_at=drafts.end_of((now - 2 * DAY).date(), STOCKHOLM),
            meeting_url_changed_at=now - DAY,
            sound_test_url="https://meeting.example.org/sound",
        ),
        day("ended", now - timedelta(hours=8), closes_at=drafts.end_of((now - 2 * DAY).date(), STOCKHOLM)),
        day("long", ahead, **_long_words()),
    ]


def _late(now: datetime) -> dict[str, Any]:
    """A last day to register that is soon, and a last day for changes that is over."""
    today = now.astimezone(STOCKHOLM).date()
    return {
        "closes_at": drafts.end_of(today + DAY, STOCKHOLM),
        "changes_close_at": drafts.end_of(today - DAY, STOCKHOLM),
    }


def _long_words() -> dict[str, Any]:
    words = {f"{name}_{language}": LONG_WORD for name in ("title", "audience") for language in LANGUAGES}
    prose = {
        f"{name}_{language}": f"### {LONG_WORD}\n\n{LONG_WORD} https://example.org/{LONG_WORD}\n\n- {LONG_WORD}"
        for name in ("description", "directions")
        for language in LANGUAGES
    }
    row = {"title_sv": LONG_WORD, "title_en": LONG_WORD, "speaker": LONG_WORD, "place": LONG_WORD}
    return {
        **words,
        **prose,
        "venue": LONG_WORD,
        "address": LONG_WORD,
        "contact_email": LONG_ADDRESS,
        "programme": [ProgrammeItem(position=1, starts=time(9, 0), **row)],
    }


def an_application(**changes: Any) -> Application:
    values: dict[str, Any] = {
        "first_name": "Åsa-Märta",
        "last_name": "O’Brien Öberg",
        "email": "asa@example.org",
        "profession": Profession.NURSE,
        "workplace": "Karolinska Universitetssjukhuset",
        "wish": Wish.ONLINE,
        "language": "sv",
    }
    return Application(**{**values, **changes})


def _talkative_person(slug: str, now: datetime) -> str:
    """Somebody who filled in everything, at length, and got letters; the public id."""
    everything = an_application(
        last_name=LONG_WORD,
        email=LONG_ADDRESS,
        profession=Profession.OTHER,
        profession_other=LONG_WORD,
        workplace=LONG_WORD,
        department=LONG_WORD,
        wish=Wish.ON_SITE,
        diets=tuple(Diet),
        diet_other=LONG_WORD,
        access_needs=f"{LONG_WORD}\nHörslinga.",
        message=f"Hej!\n\n{LONG_WORD}",
        wants_news=True,
    )
    with writing():
        registering.submit(_event(slug).id, everything, "talkative", now)
    with writing():
        found = finding.find_active(_event(slug).id, LONG_ADDRESS)
        assert found is not None
        for number, answer in enumerate(CalendarAnswer):
            calendar_answers.note_other(found, f"{number}.{LONG_ADDRESS}", answer.value, now)
        return found.public_id


def _cancelled_person(slug: str, now: datetime) -> str:
    """Somebody who was cancelled and can come back for as long as the tests run; the public id."""
    with writing():
        somebody = an_application(email="cancelled@example.org", wish=Wish.ON_SITE)
        person = somebody.to_registration(_event(slug), now - DAY)
        person.status, person.cancelled_from = Status.CANCELLED, Status.CONFIRMED
        person.cancelled_at = now + timedelta(hours=1)
        db.session.add(person)
        db.session.flush()
        return person.public_id


def _letters(slug: str) -> dict[str, str]:
    """The ids of the demo day's letters: one that was refused at endless length, one that came back, one that waits.

    For another something came back that wasn't understood.
    """
    with writing():
        mails = list(db.session.scalars(select(OutgoingMail).where(OutgoingMail.event_id == _event(slug).id)))
        refused = next(mail for mail in mails if mail.state is MailState.FAILED)
        refused.last_answer = refused.tries[0].answer = f"550 5.1.1 {LONG_WORD * 3} user unknown"
        unclear = next(mail for mail in mails if mail.state is MailState.SENT and not mail.bounce)
        for number, words in enumerate((f"{LONG_WORD * 2}\n\nÄrende 77", "")):
            unclear.unclear_returns.append(
                UnclearReturn(
                    key=f"unclear{number}",
                    at=unclear.dated_at,
                    sender=f"<{LONG_ADDRESS}>",
                    subject=LONG_WORD,
                    lines=words,
                )
            )
        return {
            "refused": refused.id,
            "unclear": unclear.id,
            "returned": next(mail.id for mail in mails if mail.bounce),
            "deferred": next(mail.id for mail in mails if len(mail.tries) > 1),
            "waiting": next(mail.id for mail in mails if mail.state is MailState.QUEUED),
        }


def _attempts(slug: str, now: datetime) -> int:
    """Others with the talkative person's address, more than there are letters for; the id of the last one."""
    for name in ("Ida", "Kim", "Liv", "My", LONG_WORD):
        other = an_application(first_name=name, last_name=LONG_WORD, email=LONG_ADDRESS)
        with writing():
            registering.submit(_event(slug).id, other, name, now)
    with writing():
        return max(db.session.scalars(select(Attempt.id)))


def _reminders_of_every_kind(now: datetime) -> None:
    """A day with a reminder that went, one that was missed and one with endless words that is ahead."""
    event = _event("2027-near")
    days = [(0, {"message_sv": LONG_WORD}), (12, {"written_at": now - 2 * DAY}), (20, {"missed_at": now - 9 * DAY})]
    with writing():
        for days_before, more in days:
            when = {"days_before": days_before, "clock": time(), "audience": Audience.EVERYBODY, "created_at": now}
            db.session.add(Reminder(event=event, **when, **more))


def _queue(now: datetime) -> str:
    """A day with one seat, one offer and two more in line; the public id of the last one, who has a long name."""
    wishes = [Wish.ON_SITE, Wish.ONLINE_AND_LINE, Wish.LINE, Wish.ONLINE_AND_LINE]
    for n, wish in enumerate(wishes):
        somebody = an_application(last_name=LONG_WORD if n == 3 else "Ek", email=f"queue{n}@example.org", wish=wish)
        with writing():
            registering.submit(_event("2027-queue").id, somebody, f"queue{n}", now)
    with writing():
        _event("2027-queue").seats_on_site = 2
        promoting.settle(_event("2027-queue"), now)
        found = finding.find_active(_event("2027-queue").id, "queue3@example.org")
        assert found is not None
        return found.public_id
