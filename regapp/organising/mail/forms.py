"""What organisers fill in about letters: which ones to see, another address, once more."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from wtforms import HiddenField
from wtforms.fields.choices import SelectChoice

from regapp.attendees.filtering import words_of
from regapp.attendees.letters import Chosen, Fate
from regapp.campaigns.models import Audience, Reminder
from regapp.campaigns.reminding import MAX_DAYS, MAX_MESSAGE, ReminderDraft
from regapp.core.forms import AddressLine, Form, TextArea
from regapp.core.i18n import Text
from regapp.mailing.kinds import words
from regapp.organising.days.fields import DAYS_SHAPE, ClockField, NumberField
from regapp.organising.people.list_forms import ALL, ChoiceField, ListForm, SearchField
from regapp.registrations.pages.fields import OneOfField
from regapp.registrations.pages.forms import THE_PERSON, their_address

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

    voice = THE_PERSON

    email = AddressLine(Text("Rätt e-postadress", "The right e-mail address"), their_address)


AUDIENCES = [SelectChoice(audience.value, audience.label) for audience in Audience]


class ReminderForm(Form):
    """When, to whom, and the organisers' own words; `seen` tells which reminder was opened."""

    days_before = NumberField(
        Text("Antal dagar före", "Number of days before"),
        MAX_DAYS,
        DAYS_SHAPE.format(most=MAX_DAYS),
        may_be_empty=False,
    )
    clock = ClockField(Text("Klockslag", "Time of day"))
    audience = OneOfField(
        Text("Till", "To"), Text("Välj vilka påminnelsen går till.", "Choose whom the reminder goes to."), AUDIENCES
    )
    message_sv = TextArea(Text("Era ord på svenska", "Your words in Swedish"), MAX_MESSAGE)
    message_en = TextArea(Text("Era ord på engelska", "Your words in English"), MAX_MESSAGE)
    seen = HiddenField()

    @classmethod
    def of(cls, reminder: Reminder) -> ReminderForm:
        """The form for a reminder that is set; what is being sent goes before what is saved."""
        draft = ReminderDraft.of(reminder)
        return cls(data={**as_typed(draft), "seen": draft.fingerprint})

    def to_draft(self) -> ReminderDraft:
        """Only after validate()."""
        days_before, clock = self.days_before.value, self.clock.value
        assert days_before is not None and clock is not None  # noqa: S101  # validated
        audience = Audience(self.audience.data)
        return ReminderDraft(days_before, clock, audience, self.message_sv.data, self.message_en.data)


def as_typed(draft: ReminderDraft) -> dict[str, Any]:
    return {
        **vars(draft),
        "days_before": str(draft.days_before),
        "clock": f"{draft.clock:%H:%M}",
        "audience": draft.audience.value,
    }
