"""Which workers of this machine live, told by locks that die with them.

Each worker holds the lock (flock) of a file of its own in the instance folder. The file's name is the worker's number,
which stands with every letter that it takes (`OutgoingMail.claimed_by`). Process numbers would come again; these don't.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

log = logging.getLogger(__name__)

_SUFFIX = ".worker"


class Presence:
    """Begun when it is made, ended by the kernel, however the process ends.

    `number` is None when the folder takes no file: then what this worker leaves behind waits for its lease.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.number: str | None = uuid4().hex
        try:
            self._lock = self._hold(self.number)
        except OSError as error:
            log.warning("a worker that dies will leave its letters for 20 minutes: %s: %s", folder, error.strerror)
            self.number = None

    def _hold(self, number: str) -> int:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = self._folder / f"{number}.new"
        lock = os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Under its name only when it is locked: otherwise another worker, starting now, would take us for dead.
        made.rename(self._folder / f"{number}{_SUFFIX}")
        return lock

    def find_dead(self) -> Iterator[Dead]:
        """The workers that are no more, each kept from other finders until the next one is asked for."""
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            try:
                lock = os.open(path, os.O_RDWR)
            except OSError:
                # Another worker was quicker, or it isn't ours to judge.
                continue
            try:
                if _takes(lock):
                    yield Dead(path)
            finally:
                os.close(lock)


class Dead:
    """A worker whose lock is free."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.number = path.stem

    def forget(self) -> None:
        """It left nothing behind any more."""
        self._path.unlink(missing_ok=True)


def _takes(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
