"""What the digest says, in the language that is spoken when it is composed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from regapp.attendees import statistics
from regapp.attendees.statistics import News
from regapp.core.i18n import format_day, format_instant, local, t
from regapp.events.models import Attendance, Event
from regapp.mailing.letters import Action, Bar, Block, Facts, Heading, Letter, Paragraph
from regapp.mailing.sending import again
from regapp.organising.alarms.letters import address_of, own_letters
from regapp.registrations import places
from regapp.registrations.places import DayPlaces, Places


def compose(days: Sequence[Digest], since: datetime, now: datetime) -> Letter:
    blocks: list[Block] = []
    for day in days:
        blocks += _day(day, now)
    heading = t("Läget {day}", "How it stands on {day}", day=format_day(now))
    return Letter(
        subject=t("{heading}: {news}", "{heading}: {news}", heading=heading, news=_news(days)),
        blocks=[
            Heading(heading),
            Paragraph(t("Nytt sedan {since}.", "New since {since}.", since=format_instant(since))),
            *blocks,
            own_letters(),
        ],
        footer=t(
            "Du får det här brevet för att du har valt sammanfattningen. Det kommer på morgonen när det finns något "
            "att berätta, och innehåller inga personuppgifter.",
            "You get this letter because you chose the digest. It comes in the morning when there is something to "
            "tell, and holds no personal data.",
        ),
    )


def _news(days: Sequence[Digest]) -> str:
    new, unread = sum(day.news.registered for day in days), sum(day.unread for day in days)
    return f"{_registered(new)}, {_messages(unread)}"


def _registered(number: int) -> str:
    if number == 0:
        return t("ingen ny anmälan", "no new registration")
    if number == 1:
        return t("1 ny anmälan", "1 new registration")
    return t("{n} nya anmälningar", "{n} new registrations", n=number)


def _messages(number: int) -> str:
    if number == 0:
        return t("inget oläst meddelande", "no unread message")
    if number == 1:
        return t("1 oläst meddelande", "1 unread message")
    return t("{n} olästa meddelanden", "{n} unread messages", n=number)


def _day(day: Digest, now: datetime) -> list[Block]:
    event = day.event
    rows = [
        (t("Nya anmälningar", "New registrations"), day.news.registered),
        (t("Avanmälda", "Cancelled"), day.news.cancelled),
        (t("I kö för en plats i lokalen", "In line for an on-site place"), day.in_line),
        (t("Olästa meddelanden", "Unread messages"), day.unread),
        (t("Brev som inte kom fram", "Letters that did not arrive"), day.undelivered),
        (t("Sista anmälningsdag", "Last day to register"), _deadline(event, now)),
    ]
    return [
        Heading(event.title),
        Facts(rows),
        *(_bar(form, day.places.of(form)) for form in Attendance if day.places.of(form).limit != 0),
        Action(t("Öppna dagens sida", "Open the day’s page"), address_of(event), quiet=True),
    ]


def _bar(attendance: Attendance, places: Places) -> Bar:
    label = t("Platser på plats", "On-site places") if attendance is Attendance.ON_SITE else _online()
    if places.limit is None:
        words = t("{n} tagna, ingen gräns", "{n} taken, no limit", n=places.taken)
    else:
        words = t(
            "{taken} av {limit} tagna, {left} kvar",
            "{taken} of {limit} taken, {left} left",
            taken=places.taken,
            limit=places.limit,
            left=places.left,
        )
    return Bar(label, words, part=places.taken, whole=places.limit)


def _online() -> str:
    return t("Digitala platser", "Online places")


def _deadline(event: Event, now: datetime) -> str:
    days = (event.last_day - local(now).date()).days
    if days > 1:
        left = t("om {n} dagar", "in {n} days", n=days)
    elif days >= 0:
        left = t("i morgon", "tomorrow") if days else t("i dag", "today")
    else:
        left = t("anmälan är stängd", "registration is closed")
    return t("{day} ({left})", "{day} ({left})", day=format_day(event.last_day), left=left)


@dataclass(frozen=True)
class Digest:
    """One day as the letter tells of it."""

    event: Event
    news: News
    in_line: int
    unread: int
    undelivered: int
    places: DayPlaces

    @property
    def is_worth_telling(self) -> bool:
        return any((self.news.registered, self.news.cancelled, self.unread, self.undelivered))


def of(event: Event, since: datetime, until: datetime) -> Digest:
    """What happened after the one instant and up to the other, and how the day stands now."""
    return Digest(
        event=event,
        news=statistics.news(event.id, since, until),
        in_line=statistics.standing(event.id).in_line,
        unread=statistics.messages(event.id).unread,
        undelivered=again.between(event.id, since, until),
        places=places.count(event),
    )
