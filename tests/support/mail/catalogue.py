"""Every letter that goes to a participant: how it comes about, and what its calendar part must be.

A case is a row: which letter, in which calendar case, and the steps that lead to it. `Story` plays the steps through
the public form and the rules while the clock stands still, and delivers what was written by then over SMTP.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

import time_machine
from flask import Flask

from regapp.campaigns import reminding, sending
from regapp.campaigns.models import Audience
from regapp.campaigns.reminding import ReminderDraft
from regapp.core import clock
from regapp.core.db import db, writing
from regapp.events.drafts import Draft
from regapp.events.models import Event
from regapp.mailing.inbox.calendar_replies import Reply
from regapp.mailing.models import CalendarMethod, OutgoingMail
from regapp.mailing.sending.delivery import deliver_due
from regapp.mailing.sending.transport import SmtpTransport
from regapp.registrations import cancelling, changing, filling, moving, on_behalf, registering, transferring
from regapp.registrations.application import Application, Details
from regapp.registrations.choices import Profession, Wish
from regapp.registrations.day import changes as day_changes
from regapp.registrations.day.changes import NotAgreed
from regapp.registrations.letters import again, calendar_answers, links
from regapp.registrations.models import Registration
from regapp.registrations.transferring import Colleague
from tests.support.cancelled import cancel_day_and_tell
from tests.support.client import CheckingClient
from tests.support.days import APPLICATION, STOCKHOLM
from tests.support.mail.arrived import Arrived
from tests.support.mail.smtp import SmtpServer

ORGANISER = "organiser:1"
ASA, BO, NEW = "asa@example.org", "bo@example.org", "ny@example.org"
OTHERS = ("p0@example.org", "p1@example.org")
NEAR = datetime(2026, 11, 16, 10, 0, tzinfo=STOCKHOLM)
"""An instant when a free seat is offered."""
MINUTE = timedelta(minutes=1)
REQUEST, CANCEL = CalendarMethod.REQUEST, CalendarMethod.CANCEL

ON_SITE, ONLINE, BOTH, LINE = "on site", "online", "online, and in line", "in line"
"""What a letter says of the form of attendance."""


class Story:
    """Åsa and those around her, on the day that `new_day` makes."""

    def __init__(self, app: Flask, now: time_machine.Traveller, server: SmtpServer, language: str) -> None:
        self.app, self.now, self.server, self.language = app, now, server, language

    def register(self, wish: str, email: str = ASA, **fields: object) -> None:
        """Over HTTP, from a browser of their own."""
        self.open_form()
        self.send_form(wish, email, **fields)

    def open_form(self) -> None:
        """As it is now, in a new browser."""
        self.path = "/2026/register" if self.language == "sv" else "/en/2026/register"
        self.client: CheckingClient = self.app.test_client()  # type: ignore[assignment]
        self.form = self.client.page(self.path).form()

    def send_form(self, wish: str, email: str = ASA, **fields: object) -> None:
        typed = {**APPLICATION, "email": email, "attendance": wish, **fields}
        assert self.client.send(self.path, self.form, **typed).status_code == 200

    def follow(self, rule: Callable[..., Any], *values: Any, email: str = ASA, **named: Any) -> None:
        """A rule for the person's latest registration, now."""
        with self.app.app_context(), writing():
            person = db.session.query(Registration).filter_by(email=email).order_by(Registration.id.desc()).first()
            assert person is not None
            rule(person.id, *values, clock.now(), **named)

    def register_for(self, wish: str, email: str = ASA) -> None:
        """An organiser does it."""
        application = Application(
            "Åsa-Märta", "O’Brien Öberg", email, Profession.NURSE, "Provsjukhuset", Wish(wish), self.language
        )
        self.day(lambda event, at: on_behalf.register_for(event.id, application, at, actor=ORGANISER, reason="Sen"))

    def day(self, rule: Callable[..., Any], *values: Any, **named: Any) -> None:
        """A rule for the day, now."""
        with self.app.app_context(), writing():
            rule(db.session.query(Event).one(), *values, clock.now(), **named)

    def deliver(self) -> None:
        with self.app.app_context():
            deliver_due(SmtpTransport(self.app.config["SETTINGS"]))

    def arrived(self, mail: OutgoingMail) -> Arrived:
        """The one message that came of this letter."""
        name = f"\r\nMessage-ID: {mail.message_id}\r\n".encode()
        (received,) = (found for found in self.server.received if name in found.octets)
        return Arrived(received)

    def letter(self, kind: str, email: str) -> OutgoingMail:
        """The latest of its kind to this address; in an app context."""
        mails = db.session.query(OutgoingMail).filter_by(kind=kind, recipient=email)
        mail = mails.order_by(OutgoingMail.dated_at.desc(), OutgoingMail.sequence.desc()).first()
        assert mail is not None, f"no {kind} to {email}"
        return mail


Step = Callable[[Story], None]


@dataclass(frozen=True)
class Case:
    """A letter of `kind` to `to`, after `steps`.

    `form` is what it tells of, None when it tells of no registration; `method` and `sequence` are those of the
    calendar part. `answers` says whether another letter brought the entry, which mail programs keep this one with.
    """

    kind: str
    steps: tuple[Step, ...]
    form: str | None = None
    method: CalendarMethod | None = None
    sequence: int | None = None
    answers: bool = True
    to: str = ASA

    @property
    def is_to_an_earlier_mailbox(self) -> bool:
        """It tells nothing of the registration: perhaps the mailbox is somebody else's."""
        return self.kind == "cancellation" and self.form is None


def register(wish: str, email: str = ASA, **fields: object) -> Step:
    return lambda story: story.register(wish, email, **fields)


def in_the_form_of_a_full_day(story: Story) -> None:
    story.open_form()


def sends_the_form(story: Story) -> None:
    """Which offered the line when it was opened."""
    story.send_form("line")


def is_given_by(giver: str, first_name: str, last_name: str) -> Step:
    """A colleague's place, with an address that is registered."""
    colleague = Colleague(first_name, last_name, ASA)
    return lambda story: story.follow(transferring.transfer, colleague, email=giver)


def the_registration_closes(story: Story) -> None:
    story.now.move_to(datetime(2026, 11, 12, 8, 0, tzinfo=STOCKHOLM))


def is_registered(wish: str) -> Step:
    return lambda story: story.register_for(wish)


def follow(rule: Callable[..., Any], *values: Any, **named: Any) -> Step:
    return lambda story: story.follow(rule, *values, **named)


def others_take_the_seats(story: Story) -> None:
    for email in OTHERS:
        application = Application("Bo", "Ek", email, Profession.NURSE, "Provsjukhuset", Wish.ON_SITE, story.language)
        story.day(lambda event, at, made=application: registering.submit(event.id, made, made.email, at))


def one_of_them_cancels(story: Story) -> None:
    story.follow(cancelling.cancel, email=OTHERS[0])


def a_minute_passes(story: Story) -> None:
    story.now.shift(MINUTE)


def hours_pass(story: Story) -> None:
    story.now.shift(timedelta(hours=2))


def the_day_is_near(story: Story) -> None:
    story.now.move_to(NEAR)


def the_offer_ends(story: Story) -> None:
    story.now.move_to(NEAR + timedelta(days=4))
    story.day(filling.settle)


def the_line_closes(story: Story) -> None:
    story.now.move_to(NEAR + timedelta(days=9))
    story.day(filling.settle)


def letters_go_out(story: Story) -> None:
    story.deliver()


def the_day_is_cancelled(story: Story) -> None:
    story.day(lambda event, at: cancel_day_and_tell(event.id, event.version, at, actor="organiser:1"))


def the_day_is_planned(**otherwise: object) -> Step:
    """Before anybody registers, it is to be otherwise than it will be in the end."""

    def plan(event: Event, _at: datetime) -> None:
        for name, value in otherwise.items():
            setattr(event, name, value)

    return lambda story: story.day(plan)


def the_day_changes(**changes: object) -> Step:
    """An organiser saves it so, having agreed to what is sent."""

    def save(event: Event, at: datetime) -> None:
        version, draft = event.version, dataclasses.replace(Draft.of(event), **changes)  # type: ignore[arg-type]
        signed = {"actor": "organiser:1", "agreed": ""}
        try:
            day_changes.save_day(event.id, version, draft, at, **signed)
        except NotAgreed as asked:
            db.session.rollback()
            day_changes.save_day(1, version, draft, at, **{**signed, "agreed": asked.change.signature})

    return lambda story: story.day(save)


def asks_for_the_link(story: Story) -> None:
    story.day(lambda event, at: links.ask_for_link(event.id, ASA, at))


def the_calendar_says_no(story: Story, of: str = "") -> None:
    def say(registration_id: int, at: datetime) -> None:
        person = db.session.get_one(Registration, registration_id)
        uid = f"{person.calendar_uid}@{person.calendar_domain}"
        calendar_answers.take(Reply(of or person.email, uid, person.calendar_sequence, "DECLINED"), at)

    story.follow(say)


def another_calendar_says_no(story: Story) -> None:
    the_calendar_says_no(story, of="eva.alm@hospital.example.org")


def the_letter_is_sent_again(story: Story) -> None:
    story.follow(lambda _id, at: again.send_again(story.letter("update", ASA).id, 0, at, actor="organiser:1"))


def a_reminder_falls_due(story: Story) -> None:
    """Set by an organiser, a week before; the worker keeps house when its time has come."""
    words = {"message_sv": "Ta med legitimation.\n\nLunch serveras kl. 12.", "message_en": "Bring an identity card."}
    draft = ReminderDraft(7, time(9, 0), Audience.EVERYBODY, **words)
    story.day(lambda event, at: reminding.add(event.id, draft, at, actor="organiser:1"))
    story.now.move_to(datetime(2026, 11, 18, 9, 0, tzinfo=STOCKHOLM))
    story.day(lambda _event, at: sending.write_due(at))


def registers_in_the_other_language(wish: str) -> Step:
    def do(story: Story) -> None:
        language, story.language = story.language, "en" if story.language == "sv" else "sv"
        story.register(wish)
        story.language = language

    return do


def the_language_is_chosen(story: Story) -> None:
    story.follow(changing.change_language, story.language)


IS_CANCELLED_IN_SILENCE = follow(cancelling.cancel, actor="organiser:1", tell=False)
CANCELS, UNDOES = follow(cancelling.cancel), follow(cancelling.undo)
GOES_ONLINE, GOES_ON_SITE = follow(moving.move_online), follow(moving.move_on_site)
IS_TOLD_ANEW = follow(again.send_present, 0, actor="organiser:1")
GIVES_TO_BO = follow(transferring.transfer, Colleague("Bo", "Ek", BO))
SOMEBODY = Details("Åsa-Märta", "O’Brien Öberg", Profession.NURSE, "", "Provsjukhuset", "", False)
IS_CORRECTED = follow(on_behalf.correct, SOMEBODY, ASA, actor="organiser:1", tell=True)
GETS_A_NEW_ADDRESS = (letters_go_out, a_minute_passes, follow(changing.change_address, NEW))
BY_ORGANISER: dict[str, Any] = {"actor": ORGANISER, "reason": "Bad om det"}
IS_CANCELLED, IS_BACK = follow(cancelling.cancel, actor=ORGANISER), follow(on_behalf.undo, **BY_ORGANISER)
IS_MOVED_ONLINE = follow(on_behalf.move, Wish.ONLINE, **BY_ORGANISER)
IS_MOVED_ON_SITE = follow(on_behalf.move, Wish.ON_SITE, **BY_ORGANISER)
GETS_A_CORRECTED_ADDRESS = (
    letters_go_out, a_minute_passes, follow(on_behalf.correct_address, NEW, actor=ORGANISER)
)  # fmt: skip
IN_LINE_ONLINE = (others_take_the_seats, register("online_and_line"))
IN_LINE_ONLY = (others_take_the_seats, register("line"))
OFFERED = (the_day_is_near, one_of_them_cancels)


def hours(starts: str, ends: str) -> dict[str, datetime]:
    times = {"starts_at": starts, "ends_at": ends}
    return {
        name: datetime.fromisoformat(f"2026-11-25T{clock}").replace(tzinfo=STOCKHOLM) for name, clock in times.items()
    }


EARLIER, IN_TIME = hours("08:00", "15:00"), hours("09:00", "16:30")
WORKING_TITLES = {"title_sv": "CAR T-dagen", "title_en": "The CAR T day"}
TITLES = {"title_sv": "Utbildningsdag om CAR T 2026", "title_en": "CAR T training day 2026"}

CASES: dict[str, Case] = {
    "confirmation-on-site": Case("confirmation", (register("on_site"),), ON_SITE, REQUEST, 0, answers=False),
    "confirmation-online": Case("confirmation", (register("online"),), ONLINE, REQUEST, 0, answers=False),
    "confirmation-colleague": Case(
        "confirmation", (register("on_site"), GIVES_TO_BO), ON_SITE, REQUEST, 0, answers=False, to=BO
    ),
    "confirmation-again": Case(
        "confirmation", (register("on_site"), CANCELS, a_minute_passes, register("online")), ONLINE, REQUEST, 0,
        answers=False,
    ),
    "confirmation-same-entry": Case(
        "confirmation",
        (register("on_site"), letters_go_out, IS_CANCELLED_IN_SILENCE, a_minute_passes, register("online")),
        ONLINE, REQUEST, 1, answers=False,
    ),
    "waiting-entry-goes": Case(
        "waiting",
        (register("on_site"), letters_go_out, IS_CANCELLED_IN_SILENCE, others_take_the_seats, register("line")),
        LINE, CANCEL, 1, answers=False,
    ),
    "address": Case(
        "confirmation", (register("online"), *GETS_A_NEW_ADDRESS), ONLINE, REQUEST, 0, answers=False, to=NEW
    ),
    "address-earlier": Case("cancellation", (register("on_site"), *GETS_A_NEW_ADDRESS), None, CANCEL, 1),
    "address-earlier-in-line": Case("cancellation", (*IN_LINE_ONLY, *GETS_A_NEW_ADDRESS), answers=False),
    "corrected": Case("corrected", (register("on_site"), IS_CORRECTED), ON_SITE),
    "moved-online": Case("update", (register("on_site"), GOES_ONLINE), ONLINE, REQUEST, 1),
    "moved-online-again": Case(
        "update",
        (register("on_site"), GOES_ONLINE, letters_go_out, a_minute_passes, the_letter_is_sent_again),
        ONLINE,
        REQUEST,
        1,
    ),
    "language": Case(
        "update", (registers_in_the_other_language("on_site"), the_language_is_chosen), ON_SITE, REQUEST, 1
    ),
    "language-in-line": Case(
        "update", (others_take_the_seats, registers_in_the_other_language("line"), the_language_is_chosen), LINE,
        answers=False,
    ),
    "moved-online-anew": Case(
        "confirmation",
        (register("on_site"), GOES_ONLINE, letters_go_out, a_minute_passes, IS_TOLD_ANEW),
        ONLINE,
        REQUEST,
        1,
        answers=False,
    ),
    "cancellation-anew": Case(
        "cancellation",
        (register("online"), CANCELS, letters_go_out, a_minute_passes, IS_TOLD_ANEW),
        ONLINE,
        CANCEL,
        1,
    ),
    "moved-on-site": Case("update", (register("online"), GOES_ON_SITE), ON_SITE, REQUEST, 1),
    "moved-back": Case(
        "update", (register("on_site"), GOES_ONLINE, a_minute_passes, GOES_ON_SITE), ON_SITE, REQUEST, 2
    ),
    "waiting-online": Case("waiting", IN_LINE_ONLINE, BOTH, REQUEST, 0, answers=False),
    "waiting-joined": Case(
        "waiting", (others_take_the_seats, register("online"), follow(moving.join_line)), BOTH
    ),
    "waiting-only": Case("waiting", IN_LINE_ONLY, LINE, answers=False),
    "waiting-undone": Case("waiting", (*IN_LINE_ONLY, CANCELS, a_minute_passes, UNDOES), LINE, answers=False),
    "waiting-instead": Case(
        "waiting", (register("on_site"), CANCELS, others_take_the_seats, follow(cancelling.undo_into_line)), LINE
    ),
    "promoted-from-online": Case("update", (*IN_LINE_ONLINE, one_of_them_cancels), ON_SITE, REQUEST, 1),
    "promoted-from-line": Case(
        "confirmation", (*IN_LINE_ONLY, one_of_them_cancels), ON_SITE, REQUEST, 0, answers=False
    ),
    "offer-online": Case("offer", (*IN_LINE_ONLINE, *OFFERED), ON_SITE),
    "offer-only": Case("offer", (*IN_LINE_ONLY, *OFFERED), ON_SITE, answers=False),
    "offer_passed-online": Case("offer_passed", (*IN_LINE_ONLINE, *OFFERED, the_offer_ends), ONLINE),
    "offer_passed-only": Case("offer_passed", (*IN_LINE_ONLY, *OFFERED, the_offer_ends), answers=False),
    "line_closed-online": Case("line_closed", (*IN_LINE_ONLINE, the_line_closes), ONLINE),
    "line_closed-only": Case("line_closed", (*IN_LINE_ONLY, the_line_closes), answers=False),
    "accepted-from-online": Case(
        "update", (*IN_LINE_ONLINE, *OFFERED, follow(filling.accept)), ON_SITE, REQUEST, 1
    ),
    "accepted-from-line": Case(
        "confirmation", (*IN_LINE_ONLY, *OFFERED, follow(filling.accept)), ON_SITE, REQUEST, 0, answers=False
    ),
    "cancellation-on-site": Case("cancellation", (register("on_site"), CANCELS), ON_SITE, CANCEL, 1),
    "cancellation-online": Case("cancellation", (register("online"), CANCELS), ONLINE, CANCEL, 1),
    "cancellation-late": Case("cancellation", (register("online"), the_day_is_near, CANCELS), ONLINE, CANCEL, 1),
    "cancellation-only": Case("cancellation", (*IN_LINE_ONLY, CANCELS), LINE, answers=False),
    "undo-on-site": Case("undo", (register("on_site"), CANCELS, UNDOES), ON_SITE, REQUEST, 2),
    "undo-online": Case("undo", (register("online"), CANCELS, UNDOES), ONLINE, REQUEST, 2),
    "day_changed-on-site": Case(
        "day_changed",
        (
            the_day_is_planned(**EARLIER, venue="Aulan", address="Provgatan 2, Stockholm"), register("on_site"),
            letters_go_out, a_minute_passes,
            the_day_changes(**IN_TIME, venue="Provsalen", address="Exempelvägen 1, Stockholm"),
        ),
        ON_SITE, REQUEST, 1,
    ),
    "day_changed-online": Case(
        "day_changed",
        (
            the_day_is_planned(**EARLIER, venue="Aulan"), register("online"), letters_go_out, a_minute_passes,
            the_day_changes(**IN_TIME, venue="Provsalen"),
        ),
        ONLINE, REQUEST, 1,
    ),
    "day_changed-title": Case(
        "day_changed",
        (
            the_day_is_planned(**WORKING_TITLES), register("on_site"), letters_go_out, a_minute_passes,
            the_day_changes(**TITLES),
        ),
        ON_SITE, REQUEST, 1,
    ),
    "day_cancelled-on-site": Case("day_cancelled", (register("on_site"), the_day_is_cancelled), ON_SITE, CANCEL, 1),
    "day_cancelled-online": Case("day_cancelled", (register("online"), the_day_is_cancelled), ONLINE, CANCEL, 1),
    "day_cancelled-left": Case(
        "day_cancelled",
        (register("on_site"), letters_go_out, IS_CANCELLED_IN_SILENCE, a_minute_passes, the_day_is_cancelled),
        None, CANCEL, 1,
    ),
    "day_cancelled-only": Case("day_cancelled", (*IN_LINE_ONLY, the_day_is_cancelled), LINE, answers=False),
    "transfer": Case("transfer", (register("online"), GIVES_TO_BO), ONLINE, CANCEL, 1),
    "declined-on-site": Case("declined", (register("on_site"), a_minute_passes, the_calendar_says_no), ON_SITE),
    "declined-online": Case("declined", (register("online"), a_minute_passes, the_calendar_says_no), ONLINE),
    "declined_by_other-on-site": Case(
        "declined_by_other", (register("on_site"), a_minute_passes, another_calendar_says_no), ON_SITE
    ),
    "declined_by_other-online": Case(
        "declined_by_other", (register("online"), a_minute_passes, another_calendar_says_no), ONLINE
    ),
    "reminder-on-site": Case("reminder", (register("on_site"), a_reminder_falls_due), ON_SITE),
    "reminder-online": Case("reminder", (register("online"), a_reminder_falls_due), ONLINE),
    "reminder-in-line": Case("reminder", (*IN_LINE_ONLINE, a_reminder_falls_due), BOTH),
    "organiser-address": Case(
        "confirmation", (is_registered("on_site"), *GETS_A_CORRECTED_ADDRESS), ON_SITE, REQUEST, 0,
        answers=False, to=NEW,
    ),
    "organiser-address-earlier": Case(
        "cancellation", (register("on_site"), *GETS_A_CORRECTED_ADDRESS), None, CANCEL, 1
    ),
    "organiser-cancelled": Case("cancellation", (register("on_site"), IS_CANCELLED), ON_SITE, CANCEL, 1),
    "organiser-moved-online": Case("update", (register("on_site"), IS_MOVED_ONLINE), ONLINE, REQUEST, 1),
    "organiser-moved-beyond": Case(
        "confirmation", (*IN_LINE_ONLY, IS_MOVED_ON_SITE), ON_SITE, REQUEST, 0, answers=False
    ),
    "organiser-registered-online": Case("confirmation", (is_registered("online"),), ONLINE, REQUEST, 0, answers=False),
    "organiser-registered-on-site": Case(
        "confirmation", (is_registered("on_site"),), ON_SITE, REQUEST, 0, answers=False
    ),
    "organiser-registered-waiting": Case(
        "waiting", (others_take_the_seats, is_registered("line")), LINE, answers=False
    ),
    "organiser-undone": Case("undo", (register("on_site"), IS_CANCELLED, IS_BACK), ON_SITE, REQUEST, 2),
    "after-reminder-registered": Case(
        "confirmation", (a_reminder_falls_due, is_registered("on_site")), ON_SITE, REQUEST, 0, answers=False
    ),
    "after-reminder-promoted": Case(
        "confirmation", (*IN_LINE_ONLY, a_reminder_falls_due, one_of_them_cancels, follow(filling.accept)),
        ON_SITE, REQUEST, 0, answers=False,
    ),
    "link-asked": Case("link", (register("online"), the_day_is_near, asks_for_the_link), ONLINE),
    "link-cancelled": Case("link", (register("online"), hours_pass, the_day_is_cancelled, asks_for_the_link), ONLINE),
    "link-on-site": Case("link", (register("on_site"), hours_pass, register("on_site")), ON_SITE),
    "link-online": Case("link", (register("online"), hours_pass, register("online")), ONLINE),
    "not_registered-colleague": Case(
        "not_registered", (register("on_site"), register("on_site", first_name="Eva", last_name="Alm")), ON_SITE
    ),
    "not_registered-too-late": Case(
        "not_registered",
        (register("on_site"), register("on_site", BO), the_registration_closes, is_given_by(BO, "Eva", "Alm")),
        ON_SITE,
    ),
    "not_registered-wish": Case("not_registered", (register("online"), register("on_site")), ONLINE),
    "confirmation-seat-was-free": Case(
        "confirmation", (others_take_the_seats, in_the_form_of_a_full_day, one_of_them_cancels, sends_the_form),
        ON_SITE, REQUEST, 0, answers=False,
    ),
}  # fmt: skip
