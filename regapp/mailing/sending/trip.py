"""One letter on its way to the server, in a thread of its own, while the database is at work in this one."""

from __future__ import annotations

import contextvars
import logging
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future
from typing import Protocol

from regapp.core.errors import where
from regapp.mailing.message import Sealed
from regapp.mailing.models import TryOutcome
from regapp.mailing.sending.claiming import Answer
from regapp.mailing.sending.stops import QueueTrouble

log = logging.getLogger(__name__)


class Carrier(Protocol):
    """Takes one letter at a time; raises QueueTrouble when it can take none.

    `may_hand_over` is called when everything is said but the letter itself. It waits until the letter before is noted,
    or raises, and then the letter must not be handed over.
    """

    def carry(self, letter: Sealed, may_hand_over: Callable[[], object]) -> Answer: ...


class Trip:
    """Begun when it is made; the letter itself is handed over only after `let_go`."""

    def __init__(self, road: Executor, carrier: Carrier, letter: Sealed) -> None:
        self._letter = letter
        self._gate: Future[None] = Future()
        # Flask-Mail asks for the current app.
        context = contextvars.copy_context()
        self._answer = road.submit(context.run, carrier.carry, letter, self._gate.result)

    def let_go(self) -> None:
        """The answer to the letter before is on the disk: this one may be handed over."""
        if not self._gate.done():
            self._gate.set_result(None)

    def end(self) -> Answer | None:
        """The server's answer when the letter was let go, None when it wasn't; raises QueueTrouble.

        A fault of ours is this letter's trouble: it comes again by the ladder, and the others go on.
        """
        self._gate.cancel()
        try:
            return self._answer.result()
        except CancelledError:
            return None
        except QueueTrouble:
            raise
        except Exception as error:
            log.error("letter %s can't be handed over: %s", self._letter.id, where(error))
            return Answer(TryOutcome.RETRY, f"the letter can't be handed over: {type(error).__name__}")
