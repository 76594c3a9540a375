"""Answers that calendars give to an invitation (RFC 5546 §3.2.3, carried as RFC 6047 says)."""

from dataclasses import dataclass
from email.message import Message
from email.utils import getaddresses

from regapp.mailing import invites
from regapp.mailing.inbox.mime_parts import header, parts_of, text_of

_CALENDARS = ("text/calendar", "application/ics")
_MOST_CHARACTERS = 60_000


@dataclass(frozen=True)
class Reply:
    """What one calendar answered. `sender` is From, in lower case: not proof, but no mere mistake.

    Where somebody else answered in the name that stands in From, it is that person (SENT-BY).

    `partstat` as RFC 5545 §3.2.12 has it: ACCEPTED, DECLINED, TENTATIVE …; `uid` and `sequence` are the entry's.
    `attendee` is whom it is answered for, where that is another address: a delegate's answer, or an alias's.
    """

    sender: str
    uid: str
    sequence: int
    partstat: str
    attendee: str = ""


def read(message: Message) -> Reply | None:
    """The answer that the message is; None when it is none, or it is not to be told whose."""
    parts = list(parts_of(message))
    for kind in _CALENDARS:
        for part in parts:
            if part.get_content_type() == kind and (text := text_of(part)) and len(text) <= _MOST_CHARACTERS:
                return _of(message, invites.read_answer(text))
    return None


def _of(message: Message, answer: invites.Answer | None) -> Reply | None:
    senders = {address.lower() for _name, address in getaddresses([header(message, "From")])}
    if answer is None or len(senders) != 1:
        return None
    sender = senders.pop()
    if partstat := answer.partstats.get(sender):
        by = answer.sent_by.get(sender, sender)
        return Reply(by, answer.uid, answer.sequence, partstat, attendee=sender if by != sender else "")
    if len(answer.partstats) != 1:
        return None
    ((attendee, partstat),) = answer.partstats.items()
    return Reply(sender, answer.uid, answer.sequence, partstat, attendee) if partstat else None
