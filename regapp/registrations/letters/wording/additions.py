"""What letters say beside their own words: who did it, what organisers wrote to all, where the data came from."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select

from regapp.core.db import db
from regapp.core.i18n import Text, t
from regapp.mailing.letters import Action, Block, Facts, Letter, Paragraph
from regapp.mailing.marks import mark
from regapp.mailing.models import MailState, OutgoingMail
from regapp.registrations.letters.wording.parts import from_organisers, privacy_url, questions
from regapp.registrations.models import RegisteredBy, Registration

_SOURCES = {
    RegisteredBy.COLLEAGUE: Text(
        "Din kollega gav oss ditt namn och din e-postadress.", "Your colleague gave us your name and e-mail address."
    ),
    RegisteredBy.ORGANISER: Text("Arrangören har skrivit in dina uppgifter.", "The organiser has entered your data."),
}
_SEEN_THERE = Text("Du ser dem på din sida och kan rätta dem där.", "You see it on your page and can correct it there.")

Compose = Callable[[Registration], Letter]
WordsFor = Callable[[Registration, datetime], Mapping[int, str]]
"""What organisers wrote to everybody in reminders, by the reminder's id, and this person hasn't got yet."""

_words_for: WordsFor = lambda _registration, _at: {}  # noqa: E731


def take_words_from(source: WordsFor) -> None:
    """Registered in create_app: who knows what organisers have written to everybody with this form of attendance."""
    global _words_for
    _words_for = source


def saying(done: Text | None, compose: Compose) -> Compose:
    """The letter saying after its greeting what an organiser did, and whom to ask about it."""

    def composed(registration: Registration) -> Letter:
        letter = compose(registration)
        return letter if done is None else _with(letter, [_who_did(done, registration)], at=2)

    return composed


def words_for(registration: Registration, at: datetime) -> Mapping[int, str]:
    """What the letter that brings a place has to tell beside it, see WordsFor."""
    return _words_for(registration, at)


def complete(letter: Letter, registration: Registration, kind: str, words: Collection[str]) -> Letter:
    """The letter with what was written to everybody before the reader had the place, and where their data came from."""
    if words:
        facts = next(place for place, block in enumerate(letter.blocks) if isinstance(block, Facts))
        letter = _with(letter, list(from_organisers(dict.fromkeys(words))), at=facts)
    return with_source(letter, registration, always=kind == "confirmation")


def with_source(letter: Letter, registration: Registration, mail_id: str = "", *, always: bool = False) -> Letter:
    """The letter saying who gave us the data of somebody who didn't themselves (GDPR art. 14): the first they get.

    `mail_id` is the letter's own, where it is written down already.
    """
    if registration.registered_by is RegisteredBy.THEMSELVES or not (always or _is_first(registration, mail_id)):
        return letter
    source = Paragraph(_source(letter, registration.registered_by))
    notice = Action(t("Så behandlar vi personuppgifter", "How we process personal data"), privacy_url(), quiet=True)
    return _with(letter, [source, notice], at=letter.blocks.index(questions(registration.event)))


def _source(letter: Letter, registered_by: RegisteredBy) -> str:
    """Who has given up the place is led to no page."""
    source = str(_SOURCES[registered_by])
    has_page = any(isinstance(block, Action) and block.href == mark("manage") for block in letter.blocks)
    return f"{source} {_SEEN_THERE}" if has_page and registered_by is RegisteredBy.ORGANISER else source


def _who_did(done: Text, registration: Registration) -> Paragraph:
    contact = registration.event.contact_email
    ask = t("Stämmer det inte? Skriv till {contact}.", "Isn’t that right? Write to {contact}.", contact=contact)
    return Paragraph(f"{done} {ask}")


def _is_first(registration: Registration, mail_id: str) -> bool:
    others = select(OutgoingMail.id).where(
        OutgoingMail.registration_id == registration.id,
        OutgoingMail.recipient == registration.email,
        OutgoingMail.id != mail_id,
        OutgoingMail.state.not_in((MailState.WITHDRAWN, MailState.FAILED)),
    )
    return db.session.scalar(others.limit(1)) is None


def _with(letter: Letter, blocks: Sequence[Block], *, at: int) -> Letter:
    """Position 2 is after heading and greeting."""
    return dataclasses.replace(letter, blocks=[*letter.blocks[:at], *blocks, *letter.blocks[at:]])
