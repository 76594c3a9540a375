"""The page between "save" and what a save sends to people: who gets what, and why."""

from typing import NamedTuple

from flask import render_template, request

from regapp.core.i18n import t
from regapp.events.models import Attendance, Event
from regapp.organising.days.editing_forms import EventForm
from regapp.organising.mail import previews
from regapp.registrations.day.changes import Change
from regapp.registrations.day.orders import Group
from regapp.registrations.letters.wording.parts import when

BUTTONS = {"csrf_token", "save", "edit", "agreed"}
"""What the editor and this page send beside the day's fields."""


class Difference(NamedTuple):
    """A line of the calendar entries before and after."""

    label: str
    before: str
    after: str


class Example(NamedTuple):
    """A letter to a made-up reader."""

    group: Group
    subject: str
    text: str


def page(event: Event, form: EventForm, change: Change) -> str:
    """What is typed goes along, to be saved as it is or edited on; nothing is saved yet."""
    return render_template(
        "organising/days/confirm_change.html",
        event=event,
        form=form,
        typed=[(name, value) for name, value in request.form.items(multi=True) if name not in BUTTONS],
        change=change,
        on_site=change.to(Attendance.ON_SITE),
        online=change.to(Attendance.ONLINE),
        differences=differences(change),
        examples=[
            Example(group, letter.subject, previews.readable(letter.text))
            for group, letter in change.letters_say.items()
        ],
    )


def differences(change: Change) -> list[Difference]:
    """What the entries of those who are written to show, and will show; each line once."""
    found = [difference for group in change.letters for difference in _in_group(change, group)]
    return list(dict.fromkeys(found))


def _in_group(change: Change, group: Group) -> list[Difference]:
    before, after = change.before[group], change.after[group]
    is_swedish = group.language == "sv"
    lines = [
        Difference(t("När", "When"), when(before.starts_at, before.ends_at), when(after.starts_at, after.ends_at)),
        Difference(t("Var", "Where"), before.location, after.location),
        Difference(
            t("Titel, på svenska", "Title, in Swedish") if is_swedish else t("Titel, på engelska", "Title, in English"),
            before.summary,
            after.summary,
        ),
    ]
    return [line for line in lines if line.before != line.after]
