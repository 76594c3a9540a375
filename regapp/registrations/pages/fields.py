"""The fields that a participant fills in, each with its own words for what is missing."""

from collections.abc import Iterable
from typing import Any, Final

from flask_wtf import FlaskForm
from wtforms import Field, RadioField, SelectField, SelectMultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import StopValidation
from wtforms.widgets import CheckboxInput, ListWidget

from regapp.core.i18n import Text
from regapp.registrations.choices import Diet, Profession, Wish

CHOOSE: Final = Text("Välj", "Choose")


def choices(values: Iterable[Profession | Wish | Diet]) -> list[SelectChoice]:
    return [SelectChoice(value=value.value, label=value.label) for value in values]


def required(_form: FlaskForm, _field: Field) -> None:
    """Says only that the field is needed; its own check says it in words."""


required.field_flags = {"required": True}  # type: ignore[attr-defined]


def conditional(_form: FlaskForm, _field: Field) -> None:
    """Says only that the field is needed after a certain choice."""


conditional.field_flags = {"conditional": True}  # type: ignore[attr-defined]


class ProfessionField(SelectField):
    """A choice that starts with none."""

    def __init__(self, label: Text, **options: Any) -> None:
        super().__init__(label, [required], choices=[SelectChoice("", CHOOSE), *choices(Profession)], **options)

    def pre_validate(self, form: FlaskForm) -> None:
        if not self.data or self.data not in set(Profession):
            raise StopValidation(form.voice.profession)


class OneOfField(RadioField):
    """Radio buttons that say in their own words when none of them is chosen."""

    def __init__(self, label: Text, message: Text, offered: Iterable[SelectChoice] = (), **options: Any) -> None:
        super().__init__(label, [required], choices=list(offered), **options)
        self.message = message

    def pre_validate(self, form: FlaskForm) -> None:
        if self.data not in {choice.value for choice in self.choices}:
            raise StopValidation(self.message)


class WishField(RadioField):
    """The form of attendance; on a full day the line is among the choices."""

    def pre_validate(self, form: FlaskForm) -> None:
        if self.data not in set(Wish):
            message = Text(
                "Välj om du deltar på plats eller digitalt.",
                "Choose whether you take part on site or online.",
            )
            raise StopValidation(message)


class DietsField(SelectMultipleField):
    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def pre_validate(self, form: FlaskForm) -> None:
        if not set(self.data or ()) <= set(Diet):
            raise StopValidation(Text("Välj bland kosterna i listan.", "Choose from the diets in the list."))
