"""The only place where a test waits for something outside itself."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(look: Callable[[], T], *, seconds: float = 20, every: float = 0.02, what: str = "") -> T:
    """What `look` gives as soon as it is true; fails after `seconds` naming `what`."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for {what or look}")
        pause.wait(every)
    return found
