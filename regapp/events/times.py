"""Between the clock on a wall and the instant in the database."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from regapp.core.errors import RuleBroken
from regapp.core.i18n import Text

NOT_THAT_NIGHT = Text(
    "Den tiden finns inte: klockan ställs om den natten. Välj en annan tid.",
    "That time doesn’t exist: the clock changes that night. Choose another time.",
)
TWICE_THAT_NIGHT = Text(
    "Den tiden finns två gånger: klockan ställs om den natten. Välj en annan tid.",
    "That time comes twice: the clock changes that night. Choose another time.",
)


def instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The one instant of that clock on that day; raises RuleBroken when there is none, or two."""
    first = datetime.combine(day, clock, zone)
    second = first.replace(fold=1)
    if first.utcoffset() != second.utcoffset():
        # PEP 495: in a gap the offset before (fold=0) is the smaller one, in a fold the larger one.
        gap = (first.utcoffset() or timedelta()) < (second.utcoffset() or timedelta())
        raise RuleBroken(NOT_THAT_NIGHT if gap else TWICE_THAT_NIGHT)
    return first


def end_of(last_day: date, zone: ZoneInfo) -> datetime:
    """The exclusive instant after the last day: its next midnight, on nights when the clock changes too."""
    return datetime.combine(last_day + timedelta(days=1), time(), zone)
