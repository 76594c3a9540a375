"""What the alarms say, in the language that is spoken when they are composed; true also when read much later."""

from collections.abc import Sequence
from datetime import datetime

from regapp.campaigns.models import Reminder
from regapp.core.context import settings
from regapp.core.i18n import Text, format_instant, t
from regapp.events.models import Attendance, Event
from regapp.mailing.letters import Action, Block, Facts, Heading, Letter, Paragraph
from regapp.mailing.sending.again import Undelivered
from regapp.registrations.places import Places


def failed(event: Event, letters: Undelivered, new: int) -> Letter:
    subject = t("{what} – {title}", "{what} – {title}", what=_did_not_arrive(new), title=event.title)
    advice = t(
        "På sidan om brev ser du vilka de gällde och vad servern svarade. Där kan du rätta adressen och sända igen.",
        "The page on letters shows whom they were for and what the server answered. There you can correct the address "
        "and send again.",
    )
    rows = [
        (t("Utbildningsdag", "Training day"), event.title),
        (t("Nya brev som inte kom fram", "New letters that did not arrive"), new),
        (t("Kunde inte lämnas, sammanlagt", "Could not be handed over, in all"), letters.failed),
        (t("Kom tillbaka efteråt, sammanlagt", "Came back afterwards, in all"), letters.bounced),
    ]
    return _alarm(subject, _did_not_arrive(new), [Facts(rows), Paragraph(advice)], letters_page(event))


def stopped(event: Event | None, since: datetime, _new: int) -> Letter:
    heading = t("Breven stod stilla från {since}", "Letters stood still from {since}", since=format_instant(since))
    words = t(
        "Från {since} kunde inga brev lämnas till mejlservern. Det här brevet stod i samma kö: att du läser det "
        "betyder att servern tar emot brev igen och att de andra går ut i tur och ordning. Inget brev är borttappat, "
        "men de kommer sent.",
        "From {since} no letters could be handed to the mail server. This letter stood in the same queue: that you "
        "read it means that the server takes letters again and that the others go out in their turn. No letter is "
        "lost, but they come late.",
        since=format_instant(since),
    )
    return _alarm(heading, heading, [Paragraph(words)], letters_page(event))


def paused(event: Event | None, since: datetime, _new: int) -> Letter:
    heading = t("Brevkön är pausad sedan {since}", "Letters are paused since {since}", since=format_instant(since))
    words = t(
        "En arrangör pausade brevkön, och så länge väntar deltagarnas brev. Sätt i gång kön på sidan om brev om pausen "
        "inte behövs längre.",
        "An organiser paused the letters, and until they go again those to participants wait. Let them go on the page "
        "on letters if the pause is not needed any more.",
    )
    return _alarm(heading, heading, [Paragraph(words)], letters_page(event))


def waiting(event: Event | None, number: int, since: datetime, _new: int) -> Letter:
    heading = (
        t("1 brev har väntat i mer än en timme", "1 letter has waited for more than an hour")
        if number == 1
        else t("{n} brev har väntat i mer än en timme", "{n} letters have waited for more than an hour", n=number)
    )
    words = t(
        "Det äldsta skrevs {since}. Ofta är det mottagarens server som ber oss att försöka senare. Vi försöker i två "
        "dygn; det som inte går då räknas som brev som inte kom fram.",
        "The oldest was written on {since}. Often the recipient’s server asks us to try later. We try for two days; "
        "what does not go by then counts as a letter that did not arrive.",
        since=format_instant(since),
    )
    return _alarm(heading, heading, [Paragraph(words)], letters_page(event))


def full(event: Event, attendance: Attendance, taken: Places, in_line: int | None, _new: int) -> Letter:
    """`in_line` is None where there is no line to stand in."""
    on_site = attendance is Attendance.ON_SITE
    heading = t("Fullbokat på plats", "Full on site") if on_site else t("Fullbokat digitalt", "Full online")
    words = (
        Text("Alla platser på plats är tagna: {taken} av {limit}.", "All on-site places are taken: {taken} of {limit}.")
        if on_site
        else Text(
            "Alla digitala platser är tagna: {taken} av {limit}.", "All online places are taken: {taken} of {limit}."
        )
    )
    blocks: list[Block] = [Paragraph(words.format(taken=taken.taken, limit=taken.limit))]
    if on_site and in_line is not None:
        then = t("Den som anmäler sig nu kan ställa sig i kö.", "Whoever registers now can stand in line.")
        blocks.append(Paragraph(f"{then} {_in_line(in_line)}"))
    more = t("Du kan höja antalet platser på dagens sida.", "You can raise the number of places on the day’s page.")
    to_day = Action(t("Öppna dagens sida", "Open the day’s page"), address_of(event))
    return _alarm(f"{heading} – {event.title}", heading, [*blocks, Paragraph(more)], to_day)


def _in_line(number: int) -> str:
    if number == 0:
        return t("Ingen står i kö just nu.", "Nobody is in line right now.")
    if number == 1:
        return t("En person står i kö just nu.", "One person is in line right now.")
    return t("{n} personer står i kö just nu.", "{n} people are in line right now.", n=number)


def missed(event: Event, reminders: Sequence[Reminder], new: int) -> Letter:
    """`reminders` are all that were missed, the latest first."""
    heading = (
        t("En påminnelse gick inte ut", "A reminder did not go out")
        if new == 1
        else t("{n} påminnelser gick inte ut", "{n} reminders did not go out", n=new)
    )
    words = t(
        "När den kunde gå ut var det för sent: tjänsten hade varit nere, eller dagen hade flyttats. Skriv till "
        "deltagarna på annat sätt om de behöver veta något före dagen.",
        "When it could go out it was too late: the service had been down, or the day had been moved. Write to the "
        "participants in another way if they need to know something before the day.",
    )
    rows = [(_reminder(reminder), format_instant(reminder.due_at)) for reminder in reminders[:new]]
    return _alarm(f"{heading} – {event.title}", heading, [Facts(rows), Paragraph(words)], letters_page(event))


def hasty(event: Event, number: int, at: datetime, _new: int) -> Letter:
    """`number` forms were received in the ten minutes before `at`."""
    heading = t("{n} anmälningar på tio minuter", "{n} registrations in ten minutes", n=number)
    words = t(
        "De kom före {at}. Det kan vara en klinik som anmäler sig samtidigt, men också någon som fyller platserna "
        "eller skickar brev till främmande via formuläret. Se i deltagarlistan om namn och adresser ser riktiga ut. "
        "Gör de inte det kan du pausa brevkön på sidan om brev medan du avanmäler dem.",
        "They came before {at}. It may be a clinic that registers together, but also somebody who fills the places or "
        "sends letters to strangers through the form. See in the list of participants whether names and addresses look "
        "real. If they don’t, you can pause the letters on the page on letters while you cancel them.",
        at=format_instant(at),
    )
    to_list = Action(t("Öppna deltagarlistan", "Open the list of participants"), address_of(event, "attendees"))
    return _alarm(f"{heading} – {event.title}", heading, [Paragraph(words)], to_list)


def letters_page(event: Event | None) -> Action:
    """The organisers' page on letters, of the day that is nearest; without a day the overview."""
    words = t("Öppna sidan om brev", "Open the page on letters")
    return Action(words, address_of(event, "mail") if event else f"{settings().base_url}/organiser/")


def address_of(event: Event, page: str = "") -> str:
    """One of the organisers' pages about the day."""
    return f"{settings().base_url}/organiser/{event.slug}/{page}"


def own_letters() -> Action:
    """Where organisers choose what they get."""
    words = t("Välj vilka brev du får", "Choose which letters you get")
    return Action(words, f"{settings().base_url}/organiser/account", quiet=True)


def _alarm(subject: str, heading: str, blocks: Sequence[Block], to_page: Action) -> Letter:
    return Letter(
        subject=t("Larm: {words}", "Alarm: {words}", words=subject),
        blocks=[Heading(heading), *blocks, to_page, own_letters()],
        footer=t(
            "Du får det här brevet för att du har valt larm. Det innehåller inga personuppgifter.",
            "You get this letter because you chose alarms. It holds no personal data.",
        ),
    )


def _did_not_arrive(number: int) -> str:
    if number == 1:
        return t("1 brev kom inte fram", "1 letter did not arrive")
    return t("{n} brev kom inte fram", "{n} letters did not arrive", n=number)


def _reminder(reminder: Reminder) -> str:
    whom = reminder.audience.label
    if reminder.days_before == 0:
        return t("Samma dag, till {whom}", "The same day, to {whom}", whom=whom)
    if reminder.days_before == 1:
        return t("Dagen före, till {whom}", "The day before, to {whom}", whom=whom)
    return t("{n} dagar före, till {whom}", "{n} days before, to {whom}", n=reminder.days_before, whom=whom)
