"""What organisers call the letters, and what a calendar entry says in words."""

from __future__ import annotations

from typing import Final, NamedTuple

from regapp.core.i18n import Text, format_day, format_span, t
from regapp.mailing import invites, marks
from regapp.mailing.models import CalendarAnswer, DeliveryTry, TryOutcome

KINDS: Final = {
    "confirmation": Text("bekräftelse", "confirmation"),
    "update": Text("ändrad anmälan", "changed registration"),
    "corrected": Text("rättade uppgifter", "corrected details"),
    "waiting": Text("plats i kön", "place in line"),
    "offer": Text("erbjuden plats", "offered place"),
    "offer_passed": Text("erbjudandet gick ut", "the offer ran out"),
    "line_closed": Text("kön är stängd", "the line is closed"),
    "cancellation": Text("avanmälan", "cancellation"),
    "transfer": Text("överlåten plats", "place given away"),
    "undo": Text("ångrad avanmälan", "cancellation undone"),
    "link": Text("personlig länk", "personal link"),
    "not_registered": Text("försök utan anmälan", "attempt without a registration"),
    "day_changed": Text("dagen har ändrats", "the day has changed"),
    "day_cancelled": Text("dagen är inställd", "the day is cancelled"),
    "declined": Text("tackat nej i kalendern", "declined in the calendar"),
    "declined_by_other": Text("nej från en annan adress", "declined from another address"),
    "reminder": Text("påminnelse", "reminder"),
}
OTHER: Final = Text("annat brev", "another letter")

OUTCOMES: Final = {
    TryOutcome.SENT: Text("E-postservern tog emot brevet.", "The mail server took the letter."),
    TryOutcome.FILED: Text("Brevet sparades som en fil.", "The letter was written as a file."),
    TryOutcome.RETRY: Text(
        "E-postservern bad oss försöka igen senare.", "The mail server asked us to try again later."
    ),
    TryOutcome.FAILED: Text("E-postservern tog inte emot brevet.", "The mail server refused the letter."),
    TryOutcome.INTERRUPTED: Text("Försöket avbröts innan svaret kom.", "The try broke off before the answer came."),
}

ANSWERS: Final = {
    CalendarAnswer.YES: Text("ja", "yes"),
    CalendarAnswer.NO: Text("nej", "no"),
    CalendarAnswer.MAYBE: Text("kanske", "perhaps"),
}
NO_ANSWER: Final = Text(
    "Försöket misslyckades innan e-postservern hade svarat.", "The try failed before the mail server had answered."
)

_METHODS: Final = {
    ("REQUEST", True): Text("Ny inbjudan", "New invitation"),
    ("REQUEST", False): Text("Uppdatering av inbjudan", "Update of the invitation"),
    ("CANCEL", False): Text("Avbokning: posten tas bort", "Cancellation: the entry is removed"),
}


def outcome_words(attempt: DeliveryTry) -> str:
    """What a try came to; a server that said nothing asked for nothing."""
    is_unanswered = attempt.outcome is TryOutcome.RETRY and not attempt.answer[:3].isdigit()
    return str(NO_ANSWER if is_unanswered else OUTCOMES[attempt.outcome])


def kind_words(kind: str) -> str:
    return str(KINDS.get(kind, OTHER))


class EntryWords(NamedTuple):
    """A calendar entry as organisers read it."""

    what: str
    title: str
    when: str
    where: str
    version: int


def entry_words(calendar: str) -> EntryWords:
    """What the stored calendar part does to the person's calendar; its personal link is only named."""
    entry = invites.read(calendar)
    when = t(
        "{day} {span}, svensk tid",
        "{day}, {span}",
        day=format_day(entry.starts_at),
        span=format_span(entry.starts_at, entry.ends_at),
    )
    return EntryWords(
        what=str(_METHODS.get((entry.method, entry.sequence == 0), _METHODS["CANCEL", False])),
        title=entry.summary,
        when=when,
        where=marks.blank(entry.location, t("personens egen anslutningssida", "the person’s own join page")),
        version=entry.sequence,
    )
