"""What a person did that a rule doesn't allow; everything else is a bug and shows."""

import traceback

from regapp.core.i18n import Text


class RuleBroken(Exception):
    """A rule said no; `message` tells the person what to do instead.

    `field` names the form field that the message belongs to, where there is one.
    """

    def __init__(self, message: Text, field: str | None = None) -> None:
        super().__init__(message.en)
        self.message = message
        self.field = field


class NotFound(Exception):
    """What was asked for doesn't exist, or not for this person: a 404."""


def where(error: BaseException) -> str:
    """The kind of an unexpected error and where it happened, for a log, without its message.

    That may hold what somebody typed, and SQLAlchemy's holds a statement's values.
    """
    return f"{type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__))}"
