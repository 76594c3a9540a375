"""Which registrations of a day are meant, and in which order."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, ColumnExpressionArgument, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute

from regapp.attendees import deliveries
from regapp.attendees.seeing import EVERYTHING, SEARCHED, Detail
from regapp.core import addresses, text
from regapp.core.db import db
from regapp.core.errors import RuleBroken
from regapp.core.i18n import Labelled, Text
from regapp.events.models import Attendance, Event
from regapp.registrations.choices import Profession
from regapp.registrations.models import Registration, Status

MAX_WORDS = 10
MAX_LENGTH = 200

TOO_MANY_WORDS = Text("Sök på högst {n} ord åt gången.", "Search for at most {n} words at a time.")
TOO_LONG = Text(
    "Du kan skriva högst {most} tecken. Ta bort {over} tecken.",
    "You can write at most {most} characters. Remove {over}.",
)


class Message(Labelled):
    """Whether somebody wrote to the organisers."""

    ANY = "any", Text("Med meddelande", "With a message")
    UNREAD = "unread", Text("Med oläst meddelande", "With an unread message")


class Line(Labelled):
    """Whether somebody stands in line for a seat."""

    ANY = "any", Text("I kö, också digitalt så länge", "In line, also online meanwhile")
    OFFERED = "offered", Text("Erbjudna en plats", "Offered a place")


class Delivery(Labelled):
    """What became of the letters to somebody: they don't get there, or none that tells of the place has yet."""

    FAILING = "failing", Text("E-posten kommer inte fram", "E-mail does not arrive")
    UNDELIVERED = "undelivered", Text("Utan levererad bekräftelse", "Without a delivered confirmation")


class Answer(Labelled):
    """What somebody's calendar answered."""

    DECLINED = "declined", Text("Tackat nej i kalendern", "Declined in the calendar")


class Order(Labelled):
    """The order of a list; names and workplaces in the Swedish alphabet's."""

    NAME = "name", Text("Namn A–Ö", "Name A–Ö")
    NAME_BACKWARDS = "-name", Text("Namn Ö–A", "Name Ö–A")
    WORKPLACE = "workplace", Text("Arbetsplats A–Ö", "Workplace A–Ö")
    WORKPLACE_BACKWARDS = "-workplace", Text("Arbetsplats Ö–A", "Workplace Ö–A")
    NEWEST = "-received", Text("Senast anmälda först", "Latest first")
    OLDEST = "received", Text("Först anmälda först", "Earliest first")


# The id at the end makes every order a total one: no row stands on two pages.
_COLUMNS = {
    Order.NAME: (Registration.sort_key, Registration.id),
    Order.WORKPLACE: (Registration.workplace_key, Registration.sort_key, Registration.id),
    Order.OLDEST: (Registration.received_at, Registration.id),
}
_BACKWARDS = {
    Order.NAME_BACKWARDS: Order.NAME,
    Order.WORKPLACE_BACKWARDS: Order.WORKPLACE,
    Order.NEWEST: Order.OLDEST,
}


TELLS: Final[Mapping[str, Detail]] = {
    "attendance": Detail.ATTENDANCE,
    "status": Detail.STATUS,
    "line": Detail.PLACE_IN_LINE,
    "profession": Detail.PROFESSION,
    "message": Detail.MESSAGE,
    "delivery": Detail.DELIVERY,
    "answer": Detail.DECLINED_AT,
}
"""What a list tells about each person in it when it is narrowed by the choice of that name."""

ORDER_TELLS: Final[Mapping[Order, Detail]] = {
    Order.NAME: Detail.LAST_NAME,
    Order.NAME_BACKWARDS: Detail.LAST_NAME,
    Order.WORKPLACE: Detail.WORKPLACE,
    Order.WORKPLACE_BACKWARDS: Detail.WORKPLACE,
    Order.OLDEST: Detail.RECEIVED_AT,
    Order.NEWEST: Detail.RECEIVED_AT,
}


@dataclass(frozen=True)
class Filter:
    """What a list is narrowed to; an empty one means everybody.

    All of `words` must be found in what is `seen` by the person who searches.
    """

    words: tuple[str, ...] = ()
    attendance: Attendance | None = None
    status: Status | None = None
    profession: Profession | None = None
    message: Message | None = None
    line: Line | None = None
    delivery: Delivery | None = None
    answer: Answer | None = None
    order: Order = Order.NAME
    seen: frozenset[Detail] = EVERYTHING

    def conditions(self, event_id: int) -> list[ColumnExpressionArgument[bool]]:
        found: list[ColumnExpressionArgument[bool]] = [Registration.event_id == event_id]
        searched = Registration.search_text if self.seen >= SEARCHED else Registration.search_name
        found += [finds(searched, word) for word in self.words]
        for column, value in (
            (Registration.attendance, self.attendance),
            (Registration.status, self.status),
            (Registration.profession, self.profession),
        ):
            if value is not None:
                found.append(column == value)
        if self.message is not None:
            found.append(Registration.message != "")
        if self.message is Message.UNREAD:
            found.append(Registration.message_read_at.is_(None))
        if self.line is not None:
            found.append(Registration.is_in_line)
        if self.line is Line.OFFERED:
            found.append(Registration.is_offered)
        return found + self._about_mail(event_id)

    def _about_mail(self, event_id: int) -> list[ColumnExpressionArgument[bool]]:
        found: list[ColumnExpressionArgument[bool]] = []
        if self.delivery is Delivery.FAILING:
            found.append(deliveries.is_failing())
        if self.delivery is Delivery.UNDELIVERED:
            found.append(deliveries.is_undelivered(db.session.get_one(Event, event_id)))
        if self.answer is Answer.DECLINED:
            found.append(Registration.declined_at.is_not(None))
        return found

    def ordering(self) -> list[ColumnElement[Any]]:
        if self.order in _BACKWARDS:
            return [column.desc() for column in _COLUMNS[_BACKWARDS[self.order]]]
        return [column.asc() for column in _COLUMNS[self.order]]

    def for_audit(self) -> dict[str, str | int]:
        """The filter without personal data: a search for a name leaves only how many words it had."""
        values: Mapping[str, enum.Enum | None] = {
            "attendance": self.attendance,
            "status": self.status,
            "profession": self.profession,
            "message": self.message,
            "line": self.line,
            "delivery": self.delivery,
            "answer": self.answer,
        }
        chosen: dict[str, str | int] = {name: str(value) for name, value in values.items() if value is not None}
        return {**chosen, "words": len(self.words)} if self.words else chosen


def finds(searched: InstrumentedAttribute[str], word: str) -> ColumnElement[bool]:
    """Whether a stored `text.search_key` has one of `words_of`."""
    return searched.like(text.search_pattern(word), escape="/")


def words_of(typed: str) -> tuple[str, ...]:
    """The words to look for, as they are stored to be found; raises RuleBroken."""
    if len(typed) > MAX_LENGTH:
        raise RuleBroken(TOO_LONG.format(most=MAX_LENGTH, over=len(typed) - MAX_LENGTH), "words")
    words = text.search_words(addresses.shown(typed))
    if len(words) > MAX_WORDS:
        raise RuleBroken(TOO_MANY_WORDS.format(n=MAX_WORDS), "words")
    return words


def narrowed(statement: Select[Any], event_id: int, chosen: Filter) -> Select[Any]:
    """The statement about exactly the registrations that the filter means, in its order."""
    return statement.where(*chosen.conditions(event_id)).order_by(*chosen.ordering())


def count(event_id: int, chosen: Filter) -> int:
    return db.session.scalar(select(func.count()).select_from(Registration).where(*chosen.conditions(event_id))) or 0
