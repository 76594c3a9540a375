"""What organisers fill in about their account."""

from dataclasses import fields, replace
from typing import Any

from wtforms import BooleanField, Field, PasswordField, RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import StopValidation
from wtforms.widgets import EmailInput

from regapp.accounts import passwords
from regapp.accounts.managing import Preferences
from regapp.accounts.models import Organiser
from regapp.accounts.roles import READERS
from regapp.core.errors import RuleBroken
from regapp.core.forms import AddressLine, Form, email_address, needed
from regapp.core.i18n import LANGUAGES, Text

# WTForms' types know only str; it calls str() on them when the page is written.
EMAIL: Any = Text("E-postadress", "E-mail address")
PASSWORD: Any = Text("Lösenord", "Password")
NEW_PASSWORD: Any = Text("Nytt lösenord", "New password")
CURRENT_PASSWORD: Any = Text("Nuvarande lösenord", "Current password")
NO_PASSWORD = Text("Fyll i ditt lösenord.", "Enter your password.")
NO_NEW_PASSWORD = Text("Fyll i ett nytt lösenord.", "Enter a new password.")

LANGUAGE: Any = Text(
    "Språk på arrangörernas sidor och i dina brev", "Language of the organisers’ pages and your letters"
)
ALARMS: Any = Text("Larm när något behöver åtgärdas", "Alarms when something needs to be done")
DIGEST: Any = Text("Sammanfattning varje morgon", "A digest every morning")
NO_LANGUAGE = Text("Välj svenska eller engelska.", "Choose Swedish or English.")

AS_GIVEN: Any = object()

_PREFERENCES = {one.name for one in fields(Preferences)}


def a_language(_form: Form, field: Field) -> None:
    if field.data not in LANGUAGES:
        raise StopValidation(NO_LANGUAGE)


a_language.field_flags = {"required": True}  # type: ignore[attr-defined]


class SignInForm(Form):
    """Its fields have a prefix of their own: those of the page that is waiting may be carried beside them."""

    email = AddressLine(EMAIL, email_address, widget=EmailInput())
    password = PasswordField(PASSWORD, [needed(NO_PASSWORD)])

    def __init__(self, formdata: Any = AS_GIVEN) -> None:
        super().__init__(prefix="sign_in-", **({} if formdata is AS_GIVEN else {"formdata": formdata}))


class ForgotPasswordForm(Form):
    email = AddressLine(EMAIL, email_address, widget=EmailInput())


class ChoosePasswordForm(Form):
    new_password = PasswordField(NEW_PASSWORD, [needed(NO_NEW_PASSWORD)])


class ChangePasswordForm(Form):
    password = PasswordField(CURRENT_PASSWORD, [needed(NO_PASSWORD)])
    new_password = PasswordField(NEW_PASSWORD, [needed(NO_NEW_PASSWORD)])

    def refuse(self, error: RuleBroken) -> None:
        """Here the account is known: a wrong password is only that."""
        if error.field == "password":
            error = RuleBroken(passwords.NOT_YOURS, "password")
        super().refuse(error)


class AccountForm(Form):
    """What organisers choose for themselves; letters only for those who may see what they are about."""

    language = RadioField(
        LANGUAGE,
        choices=[SelectChoice("sv", Text("Svenska", "Swedish")), SelectChoice("en", Text("Engelska", "English"))],
        validate_choice=False,
        validators=[a_language],
    )
    wants_alarms = BooleanField(ALARMS)
    wants_digest = BooleanField(DIGEST)

    def __init__(self, organiser: Organiser) -> None:
        super().__init__(obj=organiser)
        if not organiser.has_role(*READERS):
            del self.wants_alarms, self.wants_digest

    def preferences(self, organiser: Organiser) -> Preferences:
        """What was chosen; of what wasn't asked, what was so before."""
        return replace(
            Preferences.of(organiser), **{field.name: field.data for field in self if field.name in _PREFERENCES}
        )
