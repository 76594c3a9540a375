"""The form to register."""

import hashlib
import secrets
from datetime import datetime
from typing import Any, Final, NamedTuple

from itsdangerous import BadData
from wtforms import BooleanField, Field, HiddenField, StringField

from regapp.core.context import settings
from regapp.core.forms import TextArea
from regapp.core.i18n import Text, current_language
from regapp.core.links import all_keys, serializer
from regapp.registrations.application import Application
from regapp.registrations.choices import Profession, Wish
from regapp.registrations.pages.fields import choices
from regapp.registrations.pages.forms import NEWS, NeedsForm, PersonForm, WishForm

TOO_FAST: Final = Text(
    "Det gick så fort att vi vill vara säkra på att du är en människa. Vänta ett par sekunder och skicka igen.",
    "That was so fast that we want to be sure that you are a person. Wait a few seconds and send again.",
)
TRAP_FILLED: Final = Text(
    "Ett fält som bara är till för robotar var ifyllt. Det händer när ett program fyller i formulär av sig självt. "
    "Fältet är nu tomt: se efter att resten stämmer och skicka igen.",
    "A field that is there for robots only was filled in. That happens when a program fills in forms by itself. "
    "The field is empty now: see that the rest is right and send again.",
)
FORM_GONE: Final = Text(
    "Formuläret gick inte att känna igen. Det du har fyllt i finns kvar: skicka igen.",
    "The form could not be recognised. What you filled in is still here: send again.",
)
OTHER_DAY: Final = Text(
    "Formuläret hörde till en annan utbildningsdag. Det du har fyllt i finns kvar: vill du anmäla dig till den här "
    "dagen, skicka igen.",
    "The form belonged to another training day. What you filled in is still here: if you want to register for this "
    "day, send again.",
)


class ShownForm(NamedTuple):
    """What a form's key tells of it: 128 random bits, the instant (seconds since 1970), and its day."""

    random: str
    shown_at: float
    slug: str


class FormKey:
    """A key that each shown form carries, signed.

    The same key never registers twice, nor for another day, and the instant tells a robot's haste.
    """

    def __init__(self) -> None:
        # SHA-1, so that forms which are open now can be sent after an upgrade.
        self._signer = serializer(all_keys(), "regapp.form", hashlib.sha1)

    def new(self, now: datetime, slug: str) -> str:
        return str(self._signer.dumps([secrets.token_urlsafe(16), round(now.timestamp(), 3), slug]))

    def read(self, key: str) -> ShownForm | None:
        """None for a key that isn't ours."""
        try:
            return ShownForm(*self._signer.loads(key))
        except (BadData, ValueError, TypeError):
            return None


class RegistrationForm(PersonForm, WishForm, NeedsForm):
    """All of it, and what tells a person from a robot."""

    message = TextArea(Text("Övriga upplysningar till arrangören", "Other information to the organiser"), 1000)
    wants_news = BooleanField(NEWS)
    form_key = HiddenField()
    website = StringField(Text("Webbplats (lämna tomt)", "Website (leave empty)"))

    def validate_website(self, field: Field) -> None:
        """Said of the whole form: nobody sees the field."""
        if field.data:
            self.form_errors.append(TRAP_FILLED)

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        valid = super().validate(*args, **kwargs)
        return valid and not self.form_errors

    def check_key(self, received_at: datetime, slug: str) -> str | None:
        """The random part of the form's key, or None with the reason among the form's errors."""
        shown = FormKey().read(self.form_key.data or "")
        if shown is None:
            self.form_errors.append(FORM_GONE)
        elif shown.slug != slug:
            self.form_errors.append(OTHER_DAY)
        elif received_at.timestamp() - shown.shown_at < settings().form_seconds:
            self.form_errors.append(TOO_FAST)
        else:
            return shown.random
        return None

    def renew_key(self, now: datetime, slug: str) -> None:
        """Give a form that had no good key a new one; a good one stays, for it may be sent again."""
        shown = FormKey().read(self.form_key.data or "")
        if shown is None or shown.slug != slug:
            self.form_key.data = FormKey().new(now, slug)

    def to_application(self) -> Application:
        needs = self.to_needs() if self.needs_count() else None
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
            diets=needs.diets if needs else (),
            diet_other=needs.diet_other if needs else "",
            access_needs=needs.access_needs if needs else "",
            message=self.message.data,
            wants_news=self.wants_news.data,
        )

    def offer_line(self) -> None:
        """Let the day's line be among the choices."""
        self.attendance.choices = choices(Wish)

    def needs_count(self) -> bool:
        """They are for those who come, or wait to."""
        return self.attendance.data in set(Wish) and Wish(self.attendance.data).wants_seat
