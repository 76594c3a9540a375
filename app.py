"""The WSGI entry: `gunicorn app:app`."""

import sys

import config
from regapp import create_app
from regapp.core import schema

try:
    settings = config.load()
    schema.require_current(settings.database_url)
    app = create_app(settings)
except (config.SettingsError, schema.SchemaError) as error:
    sys.exit(f"regapp: {error}")
