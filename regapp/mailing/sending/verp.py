"""The envelope sender: with a bounce address each letter has one of its own, which tells what came back (VERP)."""

import re

from config import Settings


def envelope_sender(letter_id: str, settings: Settings) -> str:
    """Who gets what comes back; `letter_id` stands behind a plus, which a mailbox or a whole domain takes."""
    if not settings.mail_bounce_address:
        return settings.mail_default_sender
    name, _, domain = settings.mail_bounce_address.partition("@")
    return f"{name}+{letter_id}@{domain}"


def letters_in(recipients: str, settings: Settings) -> list[str]:
    """The ids of the letters whose envelope sender stands in the text of a header."""
    if not settings.mail_bounce_address:
        return []
    name, _, domain = map(re.escape, settings.mail_bounce_address.lower().partition("@"))
    return re.findall(rf"(?<![^\s<,;:\"]){name}\+([0-9a-f]{{32}})@{domain}(?![a-z0-9.-])", recipients.lower())
