"""What the letters about a changed or cancelled day say, in the language that is spoken when they are composed."""

from regapp.core.i18n import t
from regapp.mailing.letters import Block, Facts, Heading, Letter, Paragraph
from regapp.mailing.marks import has_marks
from regapp.registrations.letters import entries
from regapp.registrations.letters.entries import Shown
from regapp.registrations.letters.wording.parts import (
    day_facts,
    days_page,
    entry_changes,
    entry_goes,
    facts,
    how_to_attend,
    letter,
    own_page,
    when,
    where_online,
)
from regapp.registrations.models import Registration


def day_changed(registration: Registration, earlier: Shown | None) -> Letter:
    """`earlier` is what the participant's calendar shows until this letter; None when that isn't known."""
    event = registration.event
    return letter(
        registration,
        t("Dagen har ändrats", "The day has changed"),
        _what_changed(registration, earlier),
        [
            facts(registration),
            *how_to_attend(registration),
            entry_changes(),
            *_may_cancel(registration, earlier),
            own_page(),
            days_page(event),
        ],
        after=[*_as_it_was(registration, earlier)],
    )


def _what_changed(registration: Registration, earlier: Shown | None) -> str:
    changed = _names(entries.shown(registration), earlier)
    *most, last = changed or [""]
    things = t("{most} och {last}", "{most} and {last}", most=", ".join(most), last=last) if most else last
    day = t("dagen som du är anmäld till", "the day that you are registered for")
    return t(
        "Arrangören har ändrat {what}. Du är fortfarande anmäld. Så här gäller nu:",
        "The organiser has changed {what}. You are still registered. This is how it is now:",
        what=t("{things} för {day}", "the {things} of {day}", things=things, day=day) if things else day,
    )


def _names(now: Shown, earlier: Shown | None) -> list[str]:
    if earlier is None:
        return []
    is_other_time = (now.starts_at, now.ends_at) != (earlier.starts_at, earlier.ends_at)
    was_moved = has_marks(now.location) != has_marks(earlier.location)  # online or back: the day's place is the same
    names = {
        t("tid", "time"): is_other_time,
        t("plats", "place"): now.location != earlier.location and not was_moved,
        t("titel", "title"): now.summary != earlier.summary,
    }
    return [name for name, has_changed in names.items() if has_changed]


def _as_it_was(registration: Registration, earlier: Shown | None) -> list[Block]:
    """What differs, as the participant knew it."""
    now = entries.shown(registration)
    if earlier is None or earlier == now:
        return []
    rows = []
    if (now.starts_at, now.ends_at) != (earlier.starts_at, earlier.ends_at):
        rows.append((t("När, tidigare", "When, before"), when(earlier.starts_at, earlier.ends_at)))
    if now.location != earlier.location:
        was = where_online() if has_marks(earlier.location) else earlier.location
        rows.append((t("Var, tidigare", "Where, before"), was))
    if now.summary != earlier.summary:
        rows.append((t("Vad, tidigare", "What, before"), earlier.summary))
    return [Heading(t("Det här gällde tidigare", "This is what held before")), Facts(rows)]


def _may_cancel(registration: Registration, earlier: Shown | None) -> list[Block]:
    """For who can't come any more; a new title alone makes nobody stay away."""
    now = entries.shown(registration)
    if earlier is not None and earlier._replace(summary=now.summary) == now:
        return []
    return [
        Paragraph(
            t(
                "Kan du inte längre delta? Avanmäl dig på din sida, så kan någon annan få platsen.",
                "Can’t you take part any more? Cancel on your page, so that somebody else can have the place.",
            )
        )
    ]


def day_cancelled(registration: Registration, *, takes_entry: bool) -> Letter:
    event = registration.event
    return letter(
        registration,
        t("Utbildningsdagen är inställd", "The training day is cancelled"),
        _what_is_off(registration),
        [
            *([entry_goes()] if takes_entry else []),
            facts(registration) if registration.is_active else day_facts(event),
            days_page(event),
        ],
        subject=t("Inställt: {title}", "Cancelled: {title}", title=registration.event.title),
    )


def _what_is_off(registration: Registration) -> str:
    """Who was cancelled without a letter, and has an entry still, is not called registered."""
    if registration.is_active:
        return t(
            "Dagen som du är anmäld till är inställd. Du behöver inte göra någonting.",
            "The day that you are registered for is cancelled. You need not do anything.",
        )
    return t(
        "Dagen som vi har skrivit till dig om är inställd. Du behöver inte göra någonting.",
        "The day that we have written to you about is cancelled. You need not do anything.",
    )
