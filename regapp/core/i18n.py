"""Swedish and English side by side, and dates and times as people write them.

Both wordings of a text stand where the text is used, so that neither can change without the other being seen.
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

from babel.dates import format_date

LANGUAGES: Final = {"sv": "Svenska", "en": "English"}
DEFAULT_LANGUAGE: Final = "sv"
SWEDISH_TIME: Final = ZoneInfo("Europe/Stockholm")

_language: ContextVar[str] = ContextVar("language", default=DEFAULT_LANGUAGE)


def current_language() -> str:
    return _language.get()


@contextmanager
def use_language(language: str) -> Iterator[None]:
    """Speak `language` until the block ends."""
    token = _language.set(language)
    try:
        yield
    finally:
        _language.reset(token)


def set_language(language: str) -> None:
    """Speak `language` for the rest of this context (one request)."""
    _language.set(language if language in LANGUAGES else DEFAULT_LANGUAGE)


@dataclass(frozen=True)
class Text:
    """A text in both languages; str() gives the current one.

    Values are put in by `format`; they are only ever inserted, never read as a format of their own.
    """

    sv: str
    en: str
    values: dict[str, Any] = field(default_factory=dict, compare=False)

    def format(self, **values: Any) -> Text:
        return Text(self.sv, self.en, {**self.values, **values})

    def in_language(self, language: str) -> str:
        """The words in `language`."""
        with use_language(language):
            return str(self)

    def __str__(self) -> str:
        words = self.sv if current_language() == "sv" else self.en
        return words.format(**self.values) if self.values else words


class Labelled(enum.StrEnum):
    """An enumeration whose members are written with what people call them: `NURSE = "nurse", Text(…)`."""

    label: Text

    def __new__(cls, value: str, *words: Text) -> Self:
        member = str.__new__(cls, value)
        member._value_, (member.label,) = value, words
        return member


def t(sv: str, en: str, **values: Any) -> str:
    """The wording in the current language."""
    return str(Text(sv, en, values))


def pick(sv: str, en: str) -> str:
    """Content that an organiser wrote twice: the current language's, or the other one where that is empty."""
    return (sv or en) if current_language() == "sv" else (en or sv)


@functools.lru_cache(maxsize=4096)
def _format(day: date, pattern: str, locale: str) -> str:
    return format_date(day, pattern, locale=locale)


def _locale() -> str:
    return "sv" if current_language() == "sv" else "en_GB"


def local(instant: datetime) -> datetime:
    """The instant as clocks in Sweden show it."""
    return instant.astimezone(SWEDISH_TIME)


def format_day(value: date | datetime) -> str:
    """`onsdag 11 november 2026`, in Swedish time when given an instant."""
    day = local(value).date() if isinstance(value, datetime) else value
    return _format(day, "EEEE d MMMM y", _locale())


def format_clock(value: time | datetime) -> str:
    """`9.00` in Swedish, `09:00` in English."""
    moment = local(value).time() if isinstance(value, datetime) else value
    if current_language() == "sv":
        return f"{moment.hour}.{moment.minute:02d}"
    return f"{moment.hour:02d}:{moment.minute:02d}"


def format_clock_in_table(value: time | datetime) -> str:
    """`09.00` in Swedish: equal digits below each other."""
    moment = local(value).time() if isinstance(value, datetime) else value
    return moment.strftime("%H.%M" if current_language() == "sv" else "%H:%M")


def format_instant(instant: datetime) -> str:
    """`onsdag 11 november 2026 kl. 23.59` / `Wednesday 11 November 2026, 23:59 (Swedish time)`."""
    return t(
        "{day} kl. {clock}",
        "{day}, {clock} (Swedish time)",
        day=format_day(instant),
        clock=format_clock(instant),
    )


def format_short(instant: datetime) -> str:
    """`2026-11-11 23:59`, Swedish time, for tables."""
    return local(instant).strftime("%Y-%m-%d %H:%M")


def format_span(start: datetime, end: datetime) -> str:
    """`kl. 9.00–16.30` / `09:00–16:30 (Swedish time)`."""
    return t("kl. {start}–{end}", "{start}–{end} (Swedish time)", start=format_clock(start), end=format_clock(end))
