"""The processes that tests start leave nothing behind."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.machine.forks import ROOT
from tests.support.machine.server import System
from tests.support.machine.waiting import wait_until

STARTER = """
import signal, sys
from tests.support.machine import forks
forks._context.set_forkserver_preload([])
print(forks.Fork([sys.executable, "-c", "import os, signal; os.fork(); signal.pause()"], {}).pid, flush=True)
signal.pause()
"""


def test_a_fork_and_its_children_end_when_their_starter_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", STARTER], cwd=ROOT, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout
        group = int(starter.stdout.readline())
        os.killpg(group, 0)
        starter.kill()
    wait_until(lambda: _is_gone(group), what="the end of the fork")


def _is_gone(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_worker_that_has_hardly_begun_is_stopped_cleanly(database_url: str, tmp_path: Path) -> None:
    system = System(database_url, tmp_path / "system", mail_port=9)
    system.add_workers(1)
    system.stop()
