"""Every setting, read from REGAPP_… variables and checked; the defaults are safe in public."""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PREFIX = "REGAPP_"
MIN_SECRET = 32
"""Characters in a secret: 128 bits even when written as hexadecimal digits."""

_HOST = r"(?i:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*)"

MAX_ADDRESS, MAX_LOCAL_PART, MAX_LABEL = 254, 64, 63
"""Octets of an address, before its @ (RFC 5321 §4.5.3.1) and between two full stops after it (RFC 1035 §2.3.4)."""

MAX_BOUNCE_NAME = 31
"""Octets before the @: a plus and the letter's 32 signs follow, and 64 is the most (RFC 5321 §4.5.3.1.1)."""

WEAK_SECRETS = ("change", "secret", "default", "example", "password", "dev")


class SettingsError(Exception):
    """One line: the setting's name and what is expected of it."""


def _text(value: str) -> str:
    if any(ord(character) < 32 for character in value):
        raise ValueError("one line of text")
    return value


def _boolean(value: str) -> bool:
    try:
        return {"true": True, "1": True, "false": False, "0": False}[value.lower()]
    except KeyError:
        raise ValueError("true, false, 1 or 0") from None


def _count(value: str, top: int = 999_999_999) -> int:
    if not re.fullmatch("[0-9]{1,9}", value) or int(value) > top:
        raise ValueError(f"a whole number from 0 to {top}")
    return int(value)


def _times(value: str) -> int:
    if not (times := _count(value)):
        raise ValueError("a whole number from 1")
    return times


def _port(value: str) -> int:
    if not 0 < (port := _count(value)) < 65536:
        raise ValueError("a port from 1 to 65535")
    return port


def _secret(value: str) -> str:
    if len(value) < MIN_SECRET or len(set(value)) < 8 or any(word in value.lower() for word in WEAK_SECRETS):
        raise ValueError(f"at least {MIN_SECRET} random characters, e.g. from `openssl rand -hex 32`")
    return value


def _secrets(value: str) -> tuple[str, ...]:
    return tuple(_secret(part.strip()) for part in value.split(",") if part.strip())


def _database(value: str) -> str:
    if value.startswith("postgresql://"):
        value = value.replace("postgresql://", "postgresql+psycopg://", 1)
    if not value.startswith(("sqlite:///", "postgresql+psycopg://")) or not _has_good_port(value):
        raise ValueError("sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME")
    return value


def _has_good_port(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _base_url(value: str) -> str:
    if not re.fullmatch(rf"https?://(?:{_HOST}|\[[0-9a-f:.]+\])(?::[0-9]+)?/?", value) or not _has_good_port(value):
        raise ValueError("the address that people see, e.g. https://anmalan.example.org, without a path")
    return value.rstrip("/")


def _domain(value: str) -> str:
    if not re.fullmatch(_HOST, value):
        raise ValueError("a domain in ASCII letters, e.g. example.org or xn--hlsa-5qa.example")
    return value


def _address(value: str) -> str:
    if not re.fullmatch(rf"[!-?A-~]+@{_HOST}\.{_HOST}", value) or set(value) & set('<>",;:()[]\\'):
        raise ValueError("one bare e-mail address, e.g. car-t@example.org")
    local_part, _, domain = value.partition("@")
    if len(local_part) > MAX_LOCAL_PART or len(value) > MAX_ADDRESS or max(map(len, domain.split("."))) > MAX_LABEL:
        raise ValueError(
            f"an address with at most {MAX_LOCAL_PART} characters before the @, {MAX_LABEL} between two full stops "
            f"after it, and {MAX_ADDRESS} in all"
        )
    return value


def _bounce_address(value: str) -> str:
    if len(_address(value).partition("@")[0]) > MAX_BOUNCE_NAME:
        raise ValueError(f"an address with at most {MAX_BOUNCE_NAME} characters before the @")
    return value


def _folder(value: str) -> str:
    if not re.fullmatch("[ !#-$'-)+-~]+", value) or "\\" in value or value != value.strip():
        raise ValueError("a folder's name in ASCII letters, without quotes, &, % and *")
    return value


def _setting(read: Callable[[str], Any], default: Any = None, *, required: bool = False) -> Any:
    return field(default=default, metadata={"read": read, "required": required})


@dataclass(frozen=True)
class Settings:
    """The settings by their names without prefix, in lower case."""

    demo: bool = _setting(_boolean, False)
    secret_key: str = _setting(_secret, "", required=True)
    secret_key_fallbacks: tuple[str, ...] = _setting(_secrets, ())
    password_salt: str = _setting(_secret, "", required=True)
    database_url: str = _setting(_database, "sqlite:///instance/regapp.sqlite")
    base_url: str = _setting(_base_url, "", required=True)
    trusted_proxies: int = _setting(_count, 0)
    form_seconds: int = _setting(partial(_count, top=60), 2)
    client_registrations_per_minute: int = _setting(_times, 40)
    client_registrations_per_hour: int = _setting(_times, 400)
    alarm_registrations: int = _setting(_count, 100)
    mail_server: str = _setting(_text, "", required=True)
    mail_port: int = _setting(_port, 587)
    mail_use_tls: bool = _setting(_boolean, True)
    mail_use_ssl: bool = _setting(_boolean, False)
    mail_username: str = _setting(_text, "")
    mail_password: str = _setting(_text, "")
    mail_default_sender: str = _setting(_address, "", required=True)
    mail_reply_to: str = _setting(_address, "")
    mail_domain: str = _setting(_domain, "")
    mail_per_minute: int = _setting(_count, 0)
    mail_ca_file: str = _setting(_text, "")
    mail_bounce_address: str = _setting(_bounce_address, "")
    inbox_server: str = _setting(_text, "")
    inbox_port: int = _setting(_port, 993)
    inbox_use_ssl: bool = _setting(_boolean, True)
    inbox_username: str = _setting(_text, "")
    inbox_password: str = _setting(_text, "")
    inbox_folder: str = _setting(_folder, "INBOX")
    inbox_done_folder: str = _setting(_folder, "Handled")
    health_days: int = _setting(partial(_count, top=3650), 14)
    organisation_name: str = _setting(_text, "Karolinska Institutet")
    organisation_number: str = _setting(_text, "202100-2973")
    organisation_address: str = _setting(_text, "171 77 Stockholm")
    organisation_data_protection_officer: str = _setting(_address, "dataskyddsombud@ki.se")
    organisation_contact: str = _setting(_address, "")
    instance: Path = Path("instance")

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def files_letters(self) -> bool:
        """Whether letters are written as files instead of sent: the demo without a mail server."""
        return self.demo and not self.mail_server

    @property
    def contact(self) -> str:
        return self.organisation_contact or self.mail_reply_to or self.mail_default_sender


def load(environ: Mapping[str, str] = os.environ, root: Path | None = None) -> Settings:
    """The settings of this environment; raises SettingsError.

    `root` is the folder that a relative SQLite file and `instance/` are in: the one that this file stands in.
    """
    root = root or Path(__file__).resolve().parent
    values = _read(environ)
    instance = Path(environ.get(PREFIX + "INSTANCE") or root / "instance").absolute()
    values["instance"] = instance
    if values.get("demo"):
        values = {**_demo_defaults(instance, environ), **values}
    values["database_url"] = _absolute(values.get("database_url", f"sqlite:///{instance}/regapp.sqlite"), root)
    settings = Settings(**values)
    _check(settings)
    domain = settings.mail_domain or settings.mail_default_sender.rpartition("@")[2]
    return Settings(**{**values, "mail_domain": domain})


def _read(environ: Mapping[str, str]) -> dict[str, Any]:
    known = {PREFIX + f.name.upper(): f for f in fields(Settings) if "read" in f.metadata}
    for name in environ:
        if name.startswith(PREFIX) and name not in known and name != PREFIX + "INSTANCE":
            raise SettingsError(f"{name}: no such setting")
    values = {}
    for name, setting in known.items():
        if environ.get(name, "") == "":
            continue
        try:
            values[setting.name] = setting.metadata["read"](environ[name].encode("utf-8").decode())
        except UnicodeEncodeError:
            raise SettingsError(f"{name}: expected text in UTF-8") from None
        except ValueError as error:
            raise SettingsError(f"{name}: expected {error}") from None
    return values


def _absolute(url: str, root: Path) -> str:
    prefix = "sqlite:///"
    return prefix + str(root / url.removeprefix(prefix)) if url.startswith(prefix) else url


def _demo_defaults(instance: Path, environ: Mapping[str, str]) -> dict[str, Any]:
    port = environ.get("PORT", "8000")
    return {
        "secret_key": _own_secret(instance / "secret-key"),
        "password_salt": _own_secret(instance / "password-salt"),
        "base_url": f"http://127.0.0.1:{port}",
        "mail_default_sender": "utbildningsdag@example.org",
        "mail_use_tls": False,
    }


def _own_secret(path: Path) -> str:
    """The secret in a file that only its owner reads, made the first time; two starts at once agree on one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    fresh.touch(mode=0o600)
    fresh.write_text(secrets.token_hex(32))
    try:
        path.hardlink_to(fresh)
    except FileExistsError:
        path.chmod(0o600)
    finally:
        fresh.unlink()
    return path.read_text()


def is_loopback(host: str) -> bool:
    """Whether the host is this machine: `localhost` or an address in 127.0.0.0/8 or ::1."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check(settings: Settings) -> None:
    if settings.mail_use_tls and settings.mail_use_ssl:
        raise SettingsError("REGAPP_MAIL_USE_SSL: expected false while REGAPP_MAIL_USE_TLS is true")
    _check_inbox(settings)
    if settings.demo:
        _check_demo(settings)
    else:
        _check_production(settings)


def _check_inbox(settings: Settings) -> None:
    given = {name: getattr(settings, f"inbox_{name}") for name in ("server", "username", "password")}
    for name, value in given.items():
        if not value and any(given.values()):
            raise SettingsError(
                f"{PREFIX}INBOX_{name.upper()}: expected a value, as the inbox's other settings have one"
            )
    if settings.inbox_folder.lower() == settings.inbox_done_folder.lower():
        raise SettingsError("REGAPP_INBOX_DONE_FOLDER: expected another folder than REGAPP_INBOX_FOLDER")


def _check_demo(settings: Settings) -> None:
    if not settings.is_sqlite:
        raise SettingsError("REGAPP_DATABASE_URL: expected an SQLite file while REGAPP_DEMO is on")
    if settings.mail_server and not is_loopback(settings.mail_server):
        raise SettingsError("REGAPP_MAIL_SERVER: expected a loopback address while REGAPP_DEMO is on")
    if settings.inbox_server and not is_loopback(settings.inbox_server):
        raise SettingsError("REGAPP_INBOX_SERVER: expected a loopback address while REGAPP_DEMO is on")


def _check_production(settings: Settings) -> None:
    for setting in fields(Settings):
        if setting.metadata.get("required") and not getattr(settings, setting.name):
            raise SettingsError(f"{PREFIX}{setting.name.upper()}: expected a value, it is not set")
    host = urlsplit(settings.base_url).hostname or ""
    if not settings.base_url.startswith("https://") and not is_loopback(host):
        raise SettingsError("REGAPP_BASE_URL: expected an https address")
    if not (settings.mail_use_tls or settings.mail_use_ssl or is_loopback(settings.mail_server)):
        raise SettingsError("REGAPP_MAIL_USE_TLS: expected true, or REGAPP_MAIL_USE_SSL, for a server elsewhere")
