"""The parts of a machine that some tests need, and what to say where one is missing."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass

from tests.support.machine.postgres import find_binaries
from tests.support.mail.dovecot import find_program


@dataclass(frozen=True)
class Part:
    marker: str
    package: str
    is_here: Callable[[], bool]


def find_chromium() -> str | None:
    """The one that was made to have no window does the same with two thirds of the work."""
    programs = ("chromium-headless-shell", "chromium", "chromium-browser")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, programs)), None)


PARTS = (
    Part("browser", "chromium-headless-shell", lambda: find_chromium() is not None),
    Part("dovecot", "dovecot-imapd", lambda: find_program() is not None),
    Part("postgres", "postgresql", lambda: find_binaries() is not None),
)


def how_to_get(packages: set[str]) -> str:
    return "apt-get install --no-install-recommends " + " ".join(sorted(packages))
