"""What an organiser may do."""

from regapp.core.i18n import Labelled, Text


class Role(Labelled):
    """An organiser has one role; a page names the roles that it is open to."""

    ADMIN = "admin", Text("Administratör", "Administrator")
    ORGANISER = "organiser", Text("Arrangör", "Organiser")
    VIEWER = "viewer", Text("Läsare", "Viewer")
    DOOR = "door", Text("Entrévärd", "Door staff")


EDITORS = (Role.ADMIN, Role.ORGANISER)
"""They change days, and see diets and access needs where there is a reason to."""

READERS = (*EDITORS, Role.VIEWER)
"""They see everybody and everything but diets and access needs."""

EVERYBODY = frozenset(Role)
"""Every role: pages about one's own account."""
