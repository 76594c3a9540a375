"""What organisers fill in to find attendees and to take them out as a file."""

import enum
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from flask import request
from wtforms import BooleanField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import StopValidation

from regapp.attendees import filtering
from regapp.attendees.exporting import MAX_REASON, Format
from regapp.attendees.filtering import (
    ORDER_TELLS,
    TELLS,
    Answer,
    Delivery,
    Filter,
    Message,
    Order,
    words_of,
)
from regapp.attendees.seeing import SEARCHED, Detail
from regapp.core import text
from regapp.core.errors import RuleBroken
from regapp.core.forms import Form, TextLine
from regapp.core.i18n import Text
from regapp.events.models import Attendance
from regapp.organising.days.fields import unmarked
from regapp.registrations.choices import Profession
from regapp.registrations.models import Status

ALL = Text("Alla", "All")
BY_NAME = Text("Sök på namn", "Search by name")
CHOOSE = Text("Välj ett av alternativen i listan.", "Choose one of those in the list.")

Choice = TypeVar("Choice", bound=enum.StrEnum)


class ChoiceField(SelectField):
    """A choice among words; anything else is told in words."""

    def __init__(self, label: Text, words: Mapping[str, Text], **options: Any) -> None:
        super().__init__(label, [unmarked], **options)
        self.offer(words)

    def offer(self, words: Mapping[str, Text]) -> None:
        """What there is to choose among."""
        self.choices = [SelectChoice(value, word) for value, word in words.items()]
        self.words = words

    def pre_validate(self, form: Any) -> None:
        if self.data not in self.words:
            raise StopValidation(CHOOSE)


def _all_or(values: Iterable[Attendance | Status | Profession]) -> dict[str, Text]:
    return {"": ALL, **{value.value: value.label for value in values}}


class SearchField(StringField):
    """Words to look for, typed or pasted."""

    def __init__(self, label: Text, **options: Any) -> None:
        super().__init__(label, [unmarked, _can_be_searched_for], **options)


def _can_be_searched_for(_form: Form, field: Any) -> None:
    typed = text.unwrapped(field.data or "")
    field.data = text.without_controls(typed)
    try:
        words_of(typed)
    except RuleBroken as error:
        raise StopValidation(error.message) from None


class ListForm(Form):
    """What a list is narrowed to, as it stands in the address bar."""

    def __init__(self) -> None:
        super().__init__(request.args, meta={"csrf": False})

    def query(self, **changed: Any) -> dict[str, Any]:
        """The chosen values for an address, without what is left at its default."""
        kept = {field.name: field.data for field in self if field.data and field.data != field.default}
        return {**kept, **changed}

    def says(self) -> list[tuple[str, str]]:
        """What the list is narrowed to, in words."""
        said = []
        for field in self:
            if field.data and not field.errors and field.name != "order":
                value = field.words[field.data] if isinstance(field, ChoiceField) else field.data
                said.append((str(field.label.text), str(value)))
        return said


class FilterForm(ListForm):
    """Which attendees, and in which order.

    Nothing in it tells of what isn't `seen`; `refused` names such choices, which the address asked for in vain.
    """

    words = SearchField(Text("Sök", "Search"))
    attendance = ChoiceField(Text("Deltagandeform", "Form of attendance"), _all_or(Attendance), default="")
    status = ChoiceField(Text("Status", "Status"), _all_or(Status), default="")
    line = ChoiceField(Text("Väntelista", "The line"), _all_or(filtering.Line), default="")
    profession = ChoiceField(Text("Yrke", "Profession"), _all_or(Profession), default="")
    message = ChoiceField(Text("Meddelanden", "Messages"), _all_or(Message), default="")
    delivery = ChoiceField(Text("E-post", "E-mail"), _all_or(Delivery), default="")
    answer = ChoiceField(Text("Kalendersvar", "Calendar answer"), _all_or(Answer), default="")
    order = ChoiceField(Text("Sortering", "Order"), {}, default=Order.NAME.value)

    def __init__(self, seen: frozenset[Detail]) -> None:
        super().__init__()
        self.seen = seen
        self.refused: list[str] = []
        for name in [name for name, detail in TELLS.items() if detail not in seen]:
            if self[name].data:
                self.refused.append(str(self[name].label.text))
            del self[name]
        self._leave_out_orders()
        if not seen >= SEARCHED:
            self.words.label.text = BY_NAME

    def _leave_out_orders(self) -> None:
        unseen = {order.value for order, detail in ORDER_TELLS.items() if detail not in self.seen}
        if self.order.data in unseen:
            self.refused.append(f"{self.order.label.text}: {Order(self.order.data).label}")
            self.order.data = self.order.default
        self.order.offer({order.value: order.label for order in Order if order.value not in unseen})

    def to_filter(self) -> Filter:
        """The filter that was chosen; only after validate()."""
        return Filter(
            words=words_of(self.words.data),
            attendance=self._chosen("attendance", Attendance),
            status=self._chosen("status", Status),
            profession=self._chosen("profession", Profession),
            message=self._chosen("message", Message),
            line=self._chosen("line", filtering.Line),
            delivery=self._chosen("delivery", Delivery),
            answer=self._chosen("answer", Answer),
            order=Order(self.order.data),
            seen=self.seen,
        )

    def _chosen(self, name: str, values: type[Choice]) -> Choice | None:
        value = self.data.get(name)
        return values(value) if value else None


KINDS = {
    "xlsx": Text("Excel (XLSX)", "Excel (XLSX)"),
    "semicolon": Text("CSV med semikolon", "CSV with semicolons"),
    "comma": Text("CSV med komma", "CSV with commas"),
}


class KindField(RadioField):
    def pre_validate(self, form: Any) -> None:
        if self.data not in KINDS:
            raise StopValidation(Text("Välj ett filformat.", "Choose a file format."))


class ExportForm(Form):
    """Which file, and whether diets and access needs come along."""

    kind = KindField(
        Text("Filformat", "File format"),
        [unmarked],
        choices=[SelectChoice(value, word) for value, word in KINDS.items()],
        default="xlsx",
    )
    with_health = BooleanField(
        Text("Ta med specialkost och tillgänglighetsbehov", "Include special diets and access needs")
    )
    reason = TextLine(Text("Varför behövs filen?", "Why is the file needed?"), MAX_REASON)

    @property
    def format(self) -> Format:
        return Format.XLSX if self.kind.data == "xlsx" else Format.CSV
