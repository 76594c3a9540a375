"""What organisers call the letters, and what a calendar entry says in words."""

from typing import Final, NamedTuple

from regapp.core.i18n import Text, format_day, format_span, t
from regapp.mailing import invites, marks
from regapp.mailing.models import CalendarAnswer, DeliveryTry, TryOutcome

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
