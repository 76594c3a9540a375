"""A reminder as a form."""

from __future__ import annotations

from typing import Any

from wtforms import HiddenField
from wtforms.fields.choices import SelectChoice

from regapp.campaigns.models import Audience, Reminder
from regapp.campaigns.reminding import MAX_DAYS, MAX_MESSAGE, ReminderDraft
from regapp.core.forms import Form, Lines
from regapp.core.i18n import Text
from regapp.organising.days.fields import DAYS_SHAPE, ClockField, NumberField
from regapp.registrations.pages.fields import OneOfField

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
    message_sv = Lines(Text("Era ord på svenska", "Your words in Swedish"), MAX_MESSAGE)
    message_en = Lines(Text("Era ord på engelska", "Your words in English"), MAX_MESSAGE)
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
