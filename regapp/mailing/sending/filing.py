"""The demo's way out: each letter is a file that a mail program opens."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config import Settings
from regapp.mailing.message import FilledLetter
from regapp.mailing.models import TryOutcome
from regapp.mailing.sending.claiming import Answer
from regapp.mailing.sending.holding import QueueTrouble


class Folder:
    """`instance/outbox/`: the same bytes as would have been sent."""

    def __init__(self, settings: Settings) -> None:
        self._path = settings.instance / "outbox"

    @contextmanager
    def opened(self) -> Iterator["Folder"]:
        try:
            self._path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise QueueTrouble(f"the folder for letters can't be made: {error.strerror}") from error
        yield self

    def send(self, letter: FilledLetter, octets: bytes) -> Answer:
        """Write the letter under its own name, whole or not at all."""
        name = f"{letter.dated_at:%Y%m%d-%H%M%S}-{letter.kind}-{letter.id[:8]}.eml"
        try:
            _write_whole(self._path / name, octets)
        except OSError as error:
            raise QueueTrouble(f"the letter can't be written to its file: {error.strerror}") from error
        return Answer(TryOutcome.FILED, name)


def _write_whole(path: Path, octets: bytes) -> None:
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
