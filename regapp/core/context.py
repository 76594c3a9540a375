"""The settings of the running application, for rules that must not know Flask."""

from config import Settings

_settings: Settings | None = None


def use_settings(settings: Settings) -> None:
    """Called once by create_app()."""
    global _settings
    _settings = settings


def settings() -> Settings:
    if _settings is None:
        raise RuntimeError("create_app() has not run")
    return _settings
