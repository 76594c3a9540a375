"""Every kind of letter, and what organisers call it."""

from __future__ import annotations

import enum
from typing import Final

from regapp.core.i18n import Text


class Kind(enum.StrEnum):
    """What a letter is about; the value is what is stored."""

    CONFIRMATION = "confirmation"
    UPDATE = "update"
    CORRECTED = "corrected"
    WAITING = "waiting"
    OFFER = "offer"
    OFFER_PASSED = "offer_passed"
    LINE_CLOSED = "line_closed"
    CANCELLATION = "cancellation"
    TRANSFER = "transfer"
    UNDO = "undo"
    LINK = "link"
    NOT_REGISTERED = "not_registered"
    DAY_CHANGED = "day_changed"
    DAY_CANCELLED = "day_cancelled"
    DECLINED = "declined"
    DECLINED_BY_OTHER = "declined_by_other"
    REMINDER = "reminder"
    SIGN_IN_LINK = "sign_in_link"
    ALARM = "alarm"
    DIGEST = "digest"


INDEPENDENT: Final = frozenset(
    {Kind.LINK, Kind.NOT_REGISTERED, Kind.REMINDER, Kind.DECLINED, Kind.DECLINED_BY_OTHER, Kind.CORRECTED}
)
"""Letters that leave what an earlier one said as it was."""

BEGINS: Final = frozenset({Kind.CONFIRMATION, Kind.WAITING})
"""Letters that may bring a mailbox its entry for the first time; the later ones answer them."""

TELLS_LINE: Final = frozenset({Kind.WAITING, Kind.OFFER})
"""Letters that say where somebody stands in line."""

_WORDS: Final = {
    Kind.CONFIRMATION: Text("bekräftelse", "confirmation"),
    Kind.UPDATE: Text("ändrad anmälan", "changed registration"),
    Kind.CORRECTED: Text("rättade uppgifter", "corrected details"),
    Kind.WAITING: Text("plats i kön", "place in line"),
    Kind.OFFER: Text("erbjuden plats", "offered place"),
    Kind.OFFER_PASSED: Text("erbjudandet gick ut", "the offer ran out"),
    Kind.LINE_CLOSED: Text("kön är stängd", "the line is closed"),
    Kind.CANCELLATION: Text("avanmälan", "cancellation"),
    Kind.TRANSFER: Text("överlåten plats", "place given away"),
    Kind.UNDO: Text("ångrad avanmälan", "cancellation undone"),
    Kind.LINK: Text("personlig länk", "personal link"),
    Kind.NOT_REGISTERED: Text("försök utan anmälan", "attempt without a registration"),
    Kind.DAY_CHANGED: Text("dagen har ändrats", "the day has changed"),
    Kind.DAY_CANCELLED: Text("dagen är inställd", "the day is cancelled"),
    Kind.DECLINED: Text("tackat nej i kalendern", "declined in the calendar"),
    Kind.DECLINED_BY_OTHER: Text("nej från en annan adress", "declined from another address"),
    Kind.REMINDER: Text("påminnelse", "reminder"),
}
_OTHER: Final = Text("annat brev", "another letter")


def words(kind: str) -> Text:
    """What organisers call a letter of this kind; one word for all that isn't about a registration."""
    return _WORDS.get(Kind(kind), _OTHER) if kind in set(Kind) else _OTHER
