"""What organisers fill in about letters: which ones to see, another address, once more."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from wtforms import HiddenField

from regapp.attendees.filtering import words_of
from regapp.attendees.letters import Chosen, Fate
from regapp.core.forms import AddressLine, Form
from regapp.core.i18n import Text
from regapp.mailing.kinds import words
from regapp.organising.people.list_forms import ALL, ChoiceField, ListForm, SearchField
from regapp.organising.people.person_forms import their_address

FATES: Final = {
    "": ALL,
    Fate.WAITING.value: Text("Väntar", "Waiting"),
    Fate.SENT.value: Text("Skickade", "Sent"),
    Fate.FAILED.value: Text("Kunde inte levereras", "Failed"),
    Fate.BOUNCED.value: Text("Kom tillbaka", "Bounced"),
    Fate.UNCLEAR.value: Text("Kom tillbaka, gick inte att tolka", "Came back, not understood"),
    Fate.WITHDRAWN.value: Text("Återkallade", "Withdrawn"),
}


class MailFilterForm(ListForm):
    """Which letters; the kinds are those that the day has."""

    words = SearchField(Text("Sök namn eller adress", "Search name or address"))
    state = ChoiceField(Text("Läge", "State"), FATES, default="")
    kind = ChoiceField(Text("Brev", "Letter"), {"": ALL}, default="")

    def __init__(self, kinds: Iterable[str]) -> None:
        super().__init__()
        self.kind.offer({"": ALL, **{kind: words(kind) for kind in sorted(kinds)}})

    def to_chosen(self) -> Chosen:
        """Only after validate()."""
        fate = Fate(self.state.data) if self.state.data else None
        return Chosen(words_of(self.words.data), fate, self.kind.data)


class AgainForm(Form):
    """A button that sends something once more, pressed as often as one likes: `times` is how often it had been sent."""

    times = HiddenField()

    @property
    def shown_times(self) -> int:
        typed = str(self.times.data or "")
        return int(typed) if re.fullmatch("[0-9]{1,6}", typed) else 0


class AddressForm(Form):
    """The person's right address."""

    email = AddressLine(Text("Rätt e-postadress", "The right e-mail address"), their_address)
