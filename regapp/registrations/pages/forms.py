"""What a participant tells of themselves: when registering, and when something has changed."""

from typing import Any, Final, NamedTuple

from wtforms import BooleanField, Field, HiddenField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import StopValidation

from regapp.core import addresses
from regapp.core.forms import AddressLine, Form, TextArea, TextLine, a_name, address_like, participants_address
from regapp.core.i18n import Text
from regapp.core.links import Claim, Purpose, read
from regapp.registrations.application import Details, Needs
from regapp.registrations.choices import Diet, Profession, Wish
from regapp.registrations.moving import Move
from regapp.registrations.pages.fields import (
    DietsField,
    OneOfField,
    ProfessionField,
    WishField,
    choices,
    conditional,
    required,
)
from regapp.registrations.transferring import Colleague

CONSENT_NEEDED: Final = Text(
    "Kryssa i att vi får spara uppgifterna om kost och tillgänglighet, eller ta bort dem.",
    "Tick that we may keep what you wrote about diet and access, or remove it.",
)
NEWS: Final = Text(
    "Ni får skriva till mig om kommande utbildningsdagar.",
    "You may write to me about coming training days.",
)
NOT_THIS_PAGE: Final = Text(
    "Sidan hör till en annan anmälan. Gå tillbaka och öppna den igen.",
    "The page belongs to another registration. Go back and open it again.",
)


class Voice(NamedTuple):
    """How a form about a person speaks of them: what it says where something is missing, by field."""

    first_name: Text
    last_name: Text
    email: Text
    profession: Text
    profession_other: Text
    workplace: Text


YOU: Final = Voice(
    first_name=Text("Fyll i ditt förnamn.", "Enter your first name."),
    last_name=Text("Fyll i ditt efternamn.", "Enter your last name."),
    email=addresses.LIKE_THIS,
    profession=Text("Välj ditt yrke.", "Choose your profession."),
    profession_other=Text("Skriv vilket yrke eller vilken roll du har.", "Write which profession or role you have."),
    workplace=Text("Fyll i din arbetsplats.", "Enter your workplace."),
)
THE_PERSON: Final = Voice(
    first_name=Text("Fyll i personens förnamn.", "Enter the person’s first name."),
    last_name=Text("Fyll i personens efternamn.", "Enter the person’s last name."),
    email=Text(
        "Fyll i personens e-postadress, till exempel namn@ki.se.",
        "Enter the person’s e-mail address, for example name@ki.se.",
    ),
    profession=Text("Välj personens yrke.", "Choose the person’s profession."),
    profession_other=Text(
        "Skriv vilket yrke eller vilken roll personen har.", "Write the person’s profession or role."
    ),
    workplace=Text("Fyll i personens arbetsplats.", "Enter the person’s workplace."),
)
YOUR_COLLEAGUE: Final = YOU._replace(
    first_name=Text("Fyll i din kollegas förnamn.", "Enter your colleague’s first name."),
    last_name=Text("Fyll i din kollegas efternamn.", "Enter your colleague’s last name."),
    email=Text(
        "Fyll i din kollegas e-postadress, till exempel namn@ki.se.",
        "Enter your colleague’s e-mail address, for example name@ki.se.",
    ),
)


def asked(form: Any, field: Field) -> None:
    """The field is needed; what is missing is said in the form's voice."""
    if not field.data:
        raise StopValidation(getattr(form.voice, field.short_name))


asked.field_flags = {"required": True}  # type: ignore[attr-defined]


def their_address(form: Any, field: Field) -> None:
    """An address that letters can go to, asked for in the form's voice."""
    address_like(form.voice.email, of_participant=True)(form, field)


their_address.field_flags = {"required": True}  # type: ignore[attr-defined]


class NameForm(Form):
    """Who somebody is, as far as a letter needs it; the server's limits are in characters."""

    voice = YOU

    first_name = TextLine(Text("Förnamn", "First name"), 100, asked, a_name)
    last_name = TextLine(Text("Efternamn", "Last name"), 100, asked, a_name)
    email = AddressLine(Text("E-postadress", "E-mail address"), their_address)


class PersonForm(NameForm):
    """Who a person is."""

    profession = ProfessionField(Text("Yrke", "Profession"))
    profession_other = TextLine(Text("Vilket yrke eller vilken roll?", "Which profession or role?"), 100, conditional)
    workplace = TextLine(Text("Arbetsplats", "Workplace"), 200, asked)
    department = TextLine(Text("Klinik eller enhet", "Department"), 200)

    def validate_profession_other(self, field: Field) -> None:
        if self.profession.data != Profession.OTHER:
            field.data = ""
        else:
            asked(self, field)

    def who(self) -> dict[str, Any]:
        """The fields that say who the person is; only after validate()."""
        values = {name: self[name].data for name in Details.__annotations__}
        return {**values, "profession": Profession(self.profession.data)}


class WishForm(Form):
    """How a person wants to take part."""

    attendance = WishField(
        Text("Deltagandeform", "Form of attendance"), [required], choices=choices([Wish.ON_SITE, Wish.ONLINE])
    )


class NeedsForm(Form):
    """Diets and access needs, with the consent that they are kept by."""

    diets = DietsField(Text("Specialkost", "Special diet"), choices=choices(Diet))
    diet_other = TextLine(Text("Annan specialkost", "Other special diet"), 500)
    access_needs = TextArea(Text("Tillgänglighetsbehov", "Access needs"), 500)
    health_consent = BooleanField(
        Text(
            "Jag samtycker till att uppgifterna om kost och tillgänglighet sparas för den här dagen.",
            "I consent to the information on diet and access being kept for this day.",
        )
    )

    def validate_health_consent(self, field: Field) -> None:
        if self.needs_count() and self.tells_of_health() and not field.data:
            raise StopValidation(CONSENT_NEEDED)

    def needs_count(self) -> bool:
        """Whether what is said of health will be kept at all."""
        return True

    def tells_of_health(self) -> bool:
        return bool(self.diets.data or self.diet_other.data or self.access_needs.data)

    def to_needs(self) -> Needs:
        diets = tuple(Diet(diet) for diet in self.diets.data)
        return Needs(diets, self.diet_other.data, self.access_needs.data)


class DetailsForm(PersonForm):
    """The person's details, without the address: that one changes the links."""

    email = None  # type: ignore[assignment]  # WTForms' way to leave a field out
    wants_news = BooleanField(NEWS)

    def to_details(self) -> Details:
        return Details(**self.who())


class MoveForm(Form):
    """Another form of attendance, among those that are possible."""

    attendance = OneOfField(
        Text("Vad vill du ändra till?", "What do you want to change to?"),
        Text("Välj vad du vill ändra till.", "Choose what you want to change to."),
    )

    def offer(self, moves: list[Move]) -> None:
        self.attendance.choices = [SelectChoice(value=move.to.value, label=move.label) for move in moves]


class LanguageForm(Form):
    """The language of letters, pages and the calendar entry."""

    language = OneOfField(
        Text("Språk för mejl, sidor och kalender", "Language of e-mails, pages and calendar"),
        Text("Välj ett språk.", "Choose a language."),
        [SelectChoice("sv", Text("Svenska", "Swedish")), SelectChoice("en", Text("Engelska", "English"))],
    )


class ColleagueForm(NameForm):
    """Who gets the place."""

    voice = YOUR_COLLEAGUE

    first_name = TextLine(Text("Din kollegas förnamn", "Your colleague’s first name"), 100, asked, a_name)
    last_name = TextLine(Text("Din kollegas efternamn", "Your colleague’s last name"), 100, asked, a_name)
    email = AddressLine(Text("Din kollegas e-postadress", "Your colleague’s e-mail address"), their_address)

    def to_colleague(self) -> Colleague:
        return Colleague(self.first_name.data, self.last_name.data, self.email.data)


class AddressForm(Form):
    """An address alone."""

    email = AddressLine(Text("E-postadress", "E-mail address"), participants_address)


class CorrectionForm(NeedsForm):
    """The right address from whoever mistyped it, with what never goes to another address by itself."""

    email = AddressLine(Text("E-postadress", "E-mail address"), participants_address)
    proof = HiddenField()

    def __init__(self, answer_id: str, *, asks_for_needs: bool, **values: Any) -> None:
        super().__init__(**values)
        self._answer_id, self.asks_for_needs = answer_id, asks_for_needs

    def validate_proof(self, _field: Field) -> None:
        """The page's own, of this form's answer."""
        if self._claim is None or self._claim.public_id != self._answer_id:
            raise StopValidation(NOT_THIS_PAGE)

    @property
    def shown_version(self) -> int:
        """The version of the links that the page was about; only after validate()."""
        return self._claim.version if self._claim else 0

    def needs_count(self) -> bool:
        return self.asks_for_needs

    def to_needs(self) -> Needs:
        return super().to_needs() if self.asks_for_needs else Needs()

    @property
    def _claim(self) -> Claim | None:
        return read(Purpose.CORRECT, self.proof.data or "")
