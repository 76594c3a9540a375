"""What organisers fill in on somebody's behalf."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from wtforms import BooleanField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import StopValidation

from regapp.core.forms import Form, TextArea, TextLine, needed
from regapp.core.i18n import Text
from regapp.registrations.application import Application
from regapp.registrations.attempts import Attempt
from regapp.registrations.choices import Wish
from regapp.registrations.models import Registration
from regapp.registrations.pages.fields import OneOfField, conditional
from regapp.registrations.pages.forms import THE_PERSON, NeedsForm, PersonForm

MAX_REASON: Final = 300
REASON: Final = Text("Varför?", "Why?")
NEWS: Final = Text("Vill ha utskick om kommande utbildningsdagar", "Wants news of coming training days")
CHOOSE_FORM: Final = Text(
    "Välj om personen deltar på plats eller digitalt.", "Choose whether the person takes part on site or online."
)
CONSENT: Final = Text(
    "Personen samtycker till att uppgifterna om kost och tillgänglighet sparas för den här dagen.",
    "The person consents to the information on diet and access being kept for this day.",
)
CONSENT_NEEDED: Final = Text(
    "Fråga om personen samtycker och kryssa i det, eller ta bort uppgifterna om kost och tillgänglighet.",
    "Ask whether the person consents and tick it, or remove what is written about diet and access.",
)
LANGUAGE_CHOICES: Final = (
    SelectChoice("sv", Text("Svenska", "Swedish")),
    SelectChoice("en", Text("Engelska", "English")),
)


def tell_field(label: Text, *, default: bool = True) -> BooleanField:
    return BooleanField(label, default=default)


def wish_choices(wishes: Iterable[Wish]) -> list[SelectChoice]:
    return [SelectChoice(wish.value, wish.label) for wish in wishes]


class SomebodyForm(PersonForm):
    """Who a person is, asked of somebody else."""

    voice = THE_PERSON
    wants_news = BooleanField(NEWS)


class TheirNeedsForm(NeedsForm):
    """Diets and access needs that the person told an organiser."""

    health_consent = BooleanField(CONSENT)

    def validate_health_consent(self, field: Any) -> None:
        if self.needs_count() and self.tells_of_health() and not field.data:
            raise StopValidation(CONSENT_NEEDED)

    @classmethod
    def of(cls, registration: Registration) -> TheirNeedsForm:
        """What is kept now; the button that asked for it sent nothing of it."""
        health = registration.health
        if health is None:
            return cls(formdata=None)
        values = {name: getattr(health, name) for name in ("diets", "diet_other", "access_needs")}
        return cls(formdata=None, data={**values, "health_consent": True})


class RegisterForm(SomebodyForm, TheirNeedsForm):
    """The public form, as an organiser fills it in."""

    attendance = OneOfField(Text("Deltagandeform", "Form of attendance"), CHOOSE_FORM)
    language = OneOfField(
        Text("Personens språk, för mejl och sidor", "The person’s language, for e-mails and pages"),
        Text("Välj ett språk.", "Choose a language."),
        LANGUAGE_CHOICES,
        default="sv",
    )
    message = TextArea(Text("Övriga upplysningar", "Other information"), 1000)
    reason = TextLine(REASON, MAX_REASON, conditional)
    tell = tell_field(Text("Skicka bekräftelse till personen", "Send a confirmation to the person"))

    @classmethod
    def for_attempt(cls, attempt: Attempt) -> RegisterForm:
        """What is known of whoever tried; the address was somebody else's."""
        return cls(
            first_name=attempt.first_name,
            last_name=attempt.last_name,
            attendance=attempt.wish.value,
            language=attempt.language,
        )

    def offer(self, *, line: bool) -> None:
        """The forms of attendance there are to choose among."""
        self.attendance.choices = wish_choices(Wish if line else (Wish.ON_SITE, Wish.ONLINE))

    def needs_count(self) -> bool:
        return self.attendance.data in set(Wish) and Wish(self.attendance.data).wants_seat

    def to_application(self) -> Application:
        """Only after validate()."""
        needs = vars(self.to_needs()) if self.needs_count() else {}
        return Application(
            **self.who(),
            email=self.email.data,
            wish=Wish(self.attendance.data),
            language=self.language.data,
            message=self.message.data,
            **needs,
        )


class CorrectForm(SomebodyForm):
    tell = tell_field(Text("Skicka ett mejl om ändringen", "Send an e-mail about the change"), default=False)


class MoveForm(Form):
    """Another form of attendance."""

    attendance = OneOfField(
        Text("Ny deltagandeform", "New form of attendance"),
        Text("Välj personens nya deltagandeform.", "Choose the person’s new form of attendance."),
    )
    reason = TextLine(REASON, MAX_REASON, conditional)
    tell = tell_field(Text("Skicka ett mejl om ändringen", "Send an e-mail about the change"))


class CancelForm(Form):
    tell = tell_field(Text("Skicka ett mejl om avanmälan", "Send an e-mail about the cancellation"))


class UndoForm(Form):
    """A button, and a reason where the place has gone on."""

    reason = TextLine(REASON, MAX_REASON, conditional)


class FirstForm(Form):
    """Why somebody goes first in line."""

    reason = TextLine(REASON, MAX_REASON, needed(Text("Skriv varför, utan namn.", "Write why, without names.")))
