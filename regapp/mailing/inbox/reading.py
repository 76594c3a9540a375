"""Reads the inbox beside the worker's own work: a server that hangs keeps no letter waiting."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError

from config import Settings
from regapp.mailing.inbox import handling
from regapp.mailing.inbox.mailbox import InboxTrouble, Mailbox

log = logging.getLogger(__name__)

EVERY_S: Final = 60
_LAST_WORDS_S: Final = 5
"""How long the worker's end waits for the message in hand; half-handled, the next worker handles it whole."""

Surroundings = Callable[[], AbstractContextManager[object]]
"""Gives each round its application context, and with it a database session of its own."""


class InboxReader:
    """A thread that reads once a minute. Trouble is logged when it comes and when it is over, not in between."""

    def __init__(self, surroundings: Surroundings, mailbox: Mailbox) -> None:
        self._surroundings = surroundings
        self._mailbox = mailbox
        self._stopping = threading.Event()
        self._is_in_trouble = False
        self._thread = threading.Thread(target=self._run, name="inbox", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(_LAST_WORDS_S)

    def read_once(self) -> None:
        """One round, whatever happens in it."""
        try:
            with self._surroundings():
                handling.read_all(self._mailbox, self._stopping.is_set)
        except InboxTrouble as error:
            self._note(str(error))
        except DBAPIError as error:
            self._note(f"the database doesn't answer ({type(error).__name__})")
        except Exception as error:
            # Once, and without its words: they may quote a message.
            self._note(f"a fault of the program ({type(error).__name__})")
        else:
            self._note(None)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.read_once()
            self._stopping.wait(EVERY_S)

    def _note(self, trouble: str | None) -> None:
        if trouble and not self._is_in_trouble:
            log.warning("the inbox can't be read: %s", trouble)
        elif self._is_in_trouble and not trouble:
            log.warning("the inbox is read again")
        self._is_in_trouble = bool(trouble)


@contextmanager
def beside(surroundings: Surroundings, settings: Settings) -> Iterator[None]:
    """Read the inbox until the block ends; without one, nothing runs."""
    if not settings.inbox_server:
        yield
        return
    reader = InboxReader(surroundings, Mailbox(settings))
    reader.start()
    try:
        yield
    finally:
        reader.stop()
