"""What each role sees of a registration: the one table, for lists, filters, search, order, files and statistics."""

import enum
from collections.abc import Mapping
from typing import Final

from regapp.accounts.roles import Role


class Detail(enum.StrEnum):
    """Something that is held about a registration; those that an export has are named as its columns are."""

    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    EMAIL = "email"
    PROFESSION = "profession"
    WORKPLACE = "workplace"
    DEPARTMENT = "department"
    ATTENDANCE = "attendance"
    STATUS = "status"
    LANGUAGE = "language"
    MESSAGE = "message"
    WANTS_NEWS = "wants_news"
    RECEIVED_AT = "received_at"
    PLACE_IN_LINE = "place_in_line"
    IN_LINE_SINCE = "in_line_since"
    ANSWER_BY = "answer_by"
    DECLINED_AT = "declined_at"
    JOINED_AT = "joined_at"
    CANCELLED_AT = "cancelled_at"
    DELIVERY = "delivery"
    DIETS = "diets"
    DIET_OTHER = "diet_other"
    ACCESS_NEEDS = "access_needs"


EVERYTHING: Final = frozenset(Detail)
HEALTH: Final = frozenset({Detail.DIETS, Detail.DIET_OTHER, Detail.ACCESS_NEEDS})

SEEN: Final[Mapping[Role, frozenset[Detail]]] = {
    Role.ADMIN: EVERYTHING,
    Role.ORGANISER: EVERYTHING,
    Role.VIEWER: EVERYTHING - HEALTH,
    # Who comes in, and who waits for a seat or is offered one; no times.
    Role.DOOR: frozenset({Detail.FIRST_NAME, Detail.LAST_NAME, Detail.ATTENDANCE, Detail.STATUS, Detail.PLACE_IN_LINE}),
}

SEARCHED: Final = frozenset({Detail.EMAIL, Detail.PROFESSION, Detail.WORKPLACE, Detail.DEPARTMENT})
"""What the words of a search are found in, besides the name."""
