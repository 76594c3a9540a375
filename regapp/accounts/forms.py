"""What organisers fill in about their account."""

from typing import Any

from wtforms import EmailField, PasswordField

from regapp.accounts import passwords
from regapp.core.errors import RuleBroken
from regapp.core.forms import Form, email_address, needed
from regapp.core.i18n import Text

# WTForms' types know only str; it calls str() on them when the page is written.
EMAIL: Any = Text("E-postadress", "E-mail address")
PASSWORD: Any = Text("Lösenord", "Password")
NEW_PASSWORD: Any = Text("Nytt lösenord", "New password")
CURRENT_PASSWORD: Any = Text("Nuvarande lösenord", "Current password")
NO_PASSWORD = Text("Fyll i ditt lösenord.", "Enter your password.")
NO_NEW_PASSWORD = Text("Fyll i ett nytt lösenord.", "Enter a new password.")

AS_GIVEN: Any = object()


class SignInForm(Form):
    """Its fields have a prefix of their own: those of the page that is waiting may be carried beside them."""

    email = EmailField(EMAIL, [email_address])
    password = PasswordField(PASSWORD, [needed(NO_PASSWORD)])

    def __init__(self, formdata: Any = AS_GIVEN) -> None:
        super().__init__(prefix="sign_in-", **({} if formdata is AS_GIVEN else {"formdata": formdata}))


class ForgotPasswordForm(Form):
    email = EmailField(EMAIL, [email_address])


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
