"""Where the tests write: in memory, since hundreds of databases are made and forgotten again."""

import os
import shutil
import tempfile
from pathlib import Path

IN_MEMORY = Path("/dev/shm")  # noqa: S108  # Linux's memory as a folder
ENOUGH = 2 * 1024**3
"""Bytes that must be free; a container's own is often smaller."""


def write_in_memory() -> None:
    """From here on temporary folders are made there, by this process and those it starts; TMPDIR says otherwise."""
    if "TMPDIR" not in os.environ and os.access(IN_MEMORY, os.W_OK) and shutil.disk_usage(IN_MEMORY).free > ENOUGH:
        os.environ["TMPDIR"] = tempfile.tempdir = str(IN_MEMORY)
