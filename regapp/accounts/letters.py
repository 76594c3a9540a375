"""Letters to organisers about their account."""

from sqlalchemy import select

from regapp.accounts import links
from regapp.accounts.models import Organiser
from regapp.core import addresses, clock
from regapp.core.context import settings
from regapp.core.db import db
from regapp.core.i18n import Text
from regapp.mailing import marks
from regapp.mailing.kinds import Kind
from regapp.mailing.letters import Action, Heading, Letter, Paragraph
from regapp.mailing.outbox import Addressed

_LINK = "choose_password"

_HEADING = Text("Välj ett nytt lösenord", "Choose a new password")
_ASKED = Text(
    "Någon, förmodligen du, har bett om att få välja ett nytt lösenord till arrangörernas sidor.",
    "Someone, probably you, has asked to choose a new password for the organisers’ pages.",
)
_LASTS = Text(
    "Länken gäller i {hours} timmar och kan användas en gång.",
    "The link is valid for {hours} hours and can be used once.",
    {"hours": links.RECOVERY.seconds // 3600},
)
_NOT_YOU = Text(
    "Var det inte du? Då behöver du inte göra något. Ditt lösenord gäller som förut.",
    "Wasn’t it you? Then you need not do anything. Your password stays as it is.",
)


def sign_in_link() -> Letter:
    """The same words for everybody: it holds no personal data."""
    return Letter(
        subject=_HEADING,
        blocks=[
            Heading(_HEADING),
            Paragraph(_ASKED),
            Action(_HEADING, marks.mark(_LINK)),
            Paragraph(_LASTS),
            Paragraph(_NOT_YOU),
        ],
    )


def links_of(mail: Addressed) -> dict[str, str]:
    """What the marks of a letter from here stand for, at the moment that it is sent."""
    if mail.kind != Kind.SIGN_IN_LINK:
        return {}
    organiser = db.session.scalar(select(Organiser).where(Organiser.email_key == addresses.key(mail.recipient)))
    if organiser is None or not organiser.active:
        return {_LINK: f"{settings().base_url}/organiser/forgot-password"}
    return {_LINK: links.address_of(organiser, clock.now() + links.RECOVERY)}
