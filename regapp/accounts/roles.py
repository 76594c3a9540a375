"""What an organiser may do."""

import enum

from regapp.core.i18n import Text


class Role(enum.StrEnum):
    """An organiser has one role; a page names the roles that it is open to."""

    ADMIN = "admin"
    ORGANISER = "organiser"
    VIEWER = "viewer"
    DOOR = "door"

    @property
    def label(self) -> Text:
        return _LABELS[self]


_LABELS = {
    Role.ADMIN: Text("Administratör", "Administrator"),
    Role.ORGANISER: Text("Arrangör", "Organiser"),
    Role.VIEWER: Text("Läsare", "Viewer"),
    Role.DOOR: Text("Entrévärd", "Door staff"),
}

EDITORS = (Role.ADMIN, Role.ORGANISER)
"""They change days, and see diets and access needs where there is a reason to."""

READERS = (*EDITORS, Role.VIEWER)
"""They see everybody and everything but diets and access needs."""

EVERYBODY = frozenset(Role)
"""Every role: pages about one's own account."""
