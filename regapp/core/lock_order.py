"""The one order in which a transaction takes locks: two that took them in different ones could wait for each other.

Whoever needs several takes those further up first; what is held already may be asked for again. Of several rows or keys
of one kind the smaller goes first, before any lock further down. What is only ever changed by who holds the day
(registrations, forms that were sent, attempts, reminders) has no place of its own.
"""

from typing import Final

ORDER: Final = (
    # The question that the worker answers.
    "link_request",
    # Tries that are counted (core/limits): in the account's room, then of what forms bring about.
    "sign_in.account",
    "sign_in.address",
    "sign_in.asked",
    "sign_in.letters",
    "registrations.address",
    "letters.provoked",
    "letters.typed",
    "letters.same_again",
    "client.minute",
    "client.hour",
    "registrations.corrections",
    "registrations.link",
    # Rows, by table.
    "organiser",
    "event",
    "notice",
    "queue_pause",
    "queue_stop",
    "outgoing_mail",
)
