"""The WSGI entry: `gunicorn app:app`."""

import sys

import config
from regapp import create_app

try:
    app = create_app(config.load())
except config.SettingsError as error:
    sys.exit(f"regapp: {error}")
