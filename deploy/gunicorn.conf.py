"""How gunicorn serves regapp, in the demo and in production; the command line overrides it."""

import gc
import logging
import os
from pathlib import Path
from typing import Any

wsgi_app = "app:app"
bind = f"127.0.0.1:{os.environ.get('PORT') or 8000}"

worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
threads = int(os.environ.get("WEB_THREADS") or 4)

# Loaded once and shared: less memory, a quicker start, and a wrong setting is one line, not one a worker.
preload_app = True

# Seconds. A page waits at most 10 s for the database's write lock.
timeout = 60
graceful_timeout = 30
keepalive = 5

# The heartbeat is a file; on a disk it could block.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108

# One way less into the service; and two on one machine would share the socket in the home folder.
control_socket_disable = True

# Which proxies to believe is REGAPP_TRUSTED_PROXIES' business alone.
forwarded_allow_ips = ""

# Personal links are paths: no access log, and no path in the error log.
accesslog = None
errorlog = "-"


class WithoutPaths(logging.Filter):
    """Takes the requested address out of gunicorn's own error lines."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.msg, str) and record.msg.startswith("Error handling request"):
            record.msg, record.args = "Error handling request", ()
        return True


def on_starting(server: Any) -> None:
    server.log.error_log.addFilter(WithoutPaths())


def pre_fork(server: Any, worker: Any) -> None:
    """What was loaded stays shared between the processes: the collector leaves it alone."""
    gc.collect()
    gc.freeze()


def post_fork(server: Any, worker: Any) -> None:
    """A database connection opened before the fork belongs to the parent."""
    from app import app
    from regapp.core.db import db

    with app.app_context():
        for engine in db.engines.values():
            engine.dispose(close=False)
