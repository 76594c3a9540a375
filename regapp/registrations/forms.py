"""The forms that a participant fills in."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from flask_wtf import FlaskForm
from itsdangerous import BadData, URLSafeSerializer
from wtforms import BooleanField, Field, HiddenField, RadioField, SelectField, SelectMultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import StopValidation
from wtforms.widgets import CheckboxInput, ListWidget

from regapp.core.context import settings
from regapp.core.forms import Form, Line, Lines, email_address, needed
from regapp.core.i18n import Text, current_language
from regapp.registrations.applying import Application
from regapp.registrations.choices import Diet, Profession, Wish

TOO_FAST: Final = Text(
    "Det gick så fort att vi vill vara säkra på att du är en människa. Vänta ett par sekunder och skicka igen.",
    "That was so fast that we want to be sure that you are a person. Wait a few seconds and send again.",
)
FORM_GONE: Final = Text(
    "Formuläret gick inte att känna igen. Det du har fyllt i finns kvar: skicka igen.",
    "The form could not be recognised. What you filled in is still here: send again.",
)
CONSENT_NEEDED: Final = Text(
    "Kryssa i att vi får spara uppgifterna om kost och tillgänglighet, eller ta bort dem.",
    "Tick that we may keep what you wrote about diet and access, or remove it.",
)
MARKUP: Final = re.compile(r"https?://|www\.", re.IGNORECASE)
NAME_WITH_LINK: Final = Text(
    "Skriv bara ditt namn här, ingen webbadress.", "Write only your name here, no web address."
)


class FormKey:
    """A key that each shown form carries: 128 random bits and the instant, signed.

    The same key never registers twice, and the instant tells a robot's haste.
    """

    def __init__(self) -> None:
        keys = [*reversed(settings().secret_key_fallbacks), settings().secret_key]
        self._signer = URLSafeSerializer(keys, salt="regapp.form")

    def new(self, now: datetime) -> str:
        return str(self._signer.dumps([secrets.token_urlsafe(16), round(now.timestamp(), 3)]))

    def read(self, key: str) -> tuple[str, float] | None:
        """The random part and the instant (seconds since 1970), or None for a key that isn't ours."""
        try:
            random, shown_at = self._signer.loads(key)
        except (BadData, ValueError, TypeError):
            return None
        return random, shown_at


def no_address(_form: FlaskForm, field: Field) -> None:
    if MARKUP.search(field.data or ""):
        raise StopValidation(NAME_WITH_LINK)


def _choices(values: Iterable[Profession | Wish | Diet]) -> list[SelectChoice]:
    return [SelectChoice(value=value.value, label=value.label) for value in values]


def _required(_form: FlaskForm, _field: Field) -> None:
    """Says only that the field is needed; its own check says it in words."""


_required.field_flags = {"required": True}  # type: ignore[attr-defined]


def _conditional(_form: FlaskForm, _field: Field) -> None:
    """Says only that the field is needed after a certain choice."""


_conditional.field_flags = {"conditional": True}  # type: ignore[attr-defined]


CHOOSE: Final = Text("Välj", "Choose")


class ProfessionField(SelectField):
    """A choice that starts with none."""

    def __init__(self, label: Text, **options: Any) -> None:
        super().__init__(label, [_required], choices=[SelectChoice("", CHOOSE), *_choices(Profession)], **options)

    def pre_validate(self, form: FlaskForm) -> None:
        if not self.data or self.data not in set(Profession):
            raise StopValidation(Text("Välj ditt yrke.", "Choose your profession."))


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


class RegistrationForm(Form):
    """The form to register; the server's limits are in characters."""

    first_name = Line(
        Text("Förnamn", "First name"),
        100,
        needed(Text("Fyll i ditt förnamn.", "Enter your first name.")),
        no_address,
    )
    last_name = Line(
        Text("Efternamn", "Last name"),
        100,
        needed(Text("Fyll i ditt efternamn.", "Enter your last name.")),
        no_address,
    )
    email = Line(Text("E-postadress", "E-mail address"), 254, email_address)
    profession = ProfessionField(Text("Yrke", "Profession"))
    profession_other = Line(Text("Vilket yrke eller vilken roll?", "Which profession or role?"), 100, _conditional)
    workplace = Line(
        Text("Arbetsplats", "Workplace"),
        200,
        needed(Text("Fyll i din arbetsplats.", "Enter your workplace.")),
    )
    department = Line(Text("Klinik eller enhet", "Department"), 200)
    attendance = WishField(
        Text("Deltagandeform", "Form of attendance"), [_required], choices=_choices([Wish.ON_SITE, Wish.ONLINE])
    )
    diets = DietsField(Text("Specialkost", "Special diet"), choices=_choices(Diet))
    diet_other = Line(Text("Annan specialkost", "Other special diet"), 500)
    access_needs = Lines(Text("Tillgänglighetsbehov", "Access needs"), 500)
    health_consent = BooleanField(
        Text(
            "Jag samtycker till att uppgifterna om kost och tillgänglighet sparas för den här dagen.",
            "I consent to the information on diet and access being kept for this day.",
        )
    )
    message = Lines(Text("Övriga upplysningar till arrangören", "Other information to the organiser"), 1000)
    wants_news = BooleanField(
        Text(
            "Ni får skriva till mig om kommande utbildningsdagar.",
            "You may write to me about coming training days.",
        )
    )
    form_key = HiddenField()
    website = Line(Text("Webbplats (lämna tomt)", "Website (leave empty)"), 200)

    def validate_profession_other(self, field: Field) -> None:
        if self.profession.data != Profession.OTHER:
            field.data = ""
        elif not field.data:
            raise StopValidation(
                Text("Skriv vilket yrke eller vilken roll du har.", "Write which profession or role you have.")
            )

    def validate_health_consent(self, field: Field) -> None:
        if self._wants_seat() and self._tells_of_health() and not field.data:
            raise StopValidation(CONSENT_NEEDED)

    def validate_website(self, field: Field) -> None:
        if field.data:
            self.form_errors.append(TOO_FAST)
            raise StopValidation

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        valid = super().validate(*args, **kwargs)
        return valid and not self.form_errors

    def check_key(self, received_at: datetime) -> str | None:
        """The form's key, or None with the reason among the form's errors."""
        found = FormKey().read(self.form_key.data or "")
        if found is None:
            self.form_errors.append(FORM_GONE)
        elif received_at.timestamp() - found[1] < settings().form_seconds:
            self.form_errors.append(TOO_FAST)
        else:
            return found[0]
        return None

    def renew_key(self, now: datetime) -> None:
        """Give a form that had no good key a new one; a good one stays, for it may be sent again."""
        if FormKey().read(self.form_key.data or "") is None:
            self.form_key.data = FormKey().new(now)

    def to_application(self) -> Application:
        on_site = self._wants_seat()
        return Application(
            first_name=self.first_name.data,
            last_name=self.last_name.data,
            email=self.email.data,
            profession=Profession(self.profession.data),
            profession_other=self.profession_other.data,
            workplace=self.workplace.data,
            department=self.department.data,
            wish=Wish(self.attendance.data),
            language=current_language(),
            diets=tuple(Diet(diet) for diet in self.diets.data) if on_site else (),
            diet_other=self.diet_other.data if on_site else "",
            access_needs=self.access_needs.data if on_site else "",
            message=self.message.data,
            wants_news=self.wants_news.data,
        )

    def offer_line(self) -> None:
        """Let the day's line be among the choices."""
        self.attendance.choices = _choices(Wish)

    def _wants_seat(self) -> bool:
        return self.attendance.data in set(Wish) and Wish(self.attendance.data).wants_seat

    def _tells_of_health(self) -> bool:
        return bool(self.diets.data or self.diet_other.data or self.access_needs.data)


class AddressForm(Form):
    """The right address, from whoever mistyped it."""

    email = Line(Text("E-postadress", "E-mail address"), 254, email_address)
