"""regapp's own gunicorn settings, with the floor in regapp's place."""

import runpy
from pathlib import Path

_settings = runpy.run_path(str(Path(__file__).resolve().parents[1] / "deploy" / "gunicorn.conf.py"))
globals().update({name: value for name, value in _settings.items() if not name.startswith("__")})

wsgi_app = "bench.floor:app"


def post_fork(server: object, worker: object) -> None:
    """The floor opens its connections when it needs them: nothing is left from before the fork."""
