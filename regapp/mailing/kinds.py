"""Every kind of letter, and what organisers call it."""

from typing import Final

from regapp.core.i18n import Labelled, Text

_OTHER: Final = Text("annat brev", "another letter")


class Kind(Labelled):
    """What a letter is about; the value is what is stored."""

    CONFIRMATION = "confirmation", Text("bekräftelse", "confirmation")
    UPDATE = "update", Text("ändrad anmälan", "changed registration")
    CORRECTED = "corrected", Text("rättade uppgifter", "corrected details")
    WAITING = "waiting", Text("plats i kön", "place in line")
    OFFER = "offer", Text("erbjuden plats", "offered place")
    OFFER_PASSED = "offer_passed", Text("erbjudandet gick ut", "the offer ran out")
    LINE_CLOSED = "line_closed", Text("kön är stängd", "the line is closed")
    CANCELLATION = "cancellation", Text("avanmälan", "cancellation")
    TRANSFER = "transfer", Text("överlåten plats", "place given away")
    UNDO = "undo", Text("ångrad avanmälan", "cancellation undone")
    LINK = "link", Text("personlig länk", "personal link")
    NOT_REGISTERED = "not_registered", Text("försök utan anmälan", "attempt without a registration")
    DAY_CHANGED = "day_changed", Text("dagen har ändrats", "the day has changed")
    DAY_CANCELLED = "day_cancelled", Text("dagen är inställd", "the day is cancelled")
    DECLINED = "declined", Text("tackat nej i kalendern", "declined in the calendar")
    DECLINED_BY_OTHER = "declined_by_other", Text("nej från en annan adress", "declined from another address")
    REMINDER = "reminder", Text("påminnelse", "reminder")
    SIGN_IN_LINK = "sign_in_link", _OTHER
    ALARM = "alarm", _OTHER
    DIGEST = "digest", _OTHER


INDEPENDENT: Final = frozenset(
    {Kind.LINK, Kind.NOT_REGISTERED, Kind.REMINDER, Kind.DECLINED, Kind.DECLINED_BY_OTHER, Kind.CORRECTED}
)
"""Letters that leave what an earlier one said as it was."""

BEGINS: Final = frozenset({Kind.CONFIRMATION, Kind.WAITING})
"""Letters that may bring a mailbox its entry for the first time; the later ones answer them."""

TELLS_LINE: Final = frozenset({Kind.WAITING, Kind.OFFER})
"""Letters that say where somebody stands in line."""


def words(kind: str) -> Text:
    """What organisers call a letter of this kind; one word for all that isn't about a registration."""
    return Kind(kind).label if kind in set(Kind) else _OTHER
