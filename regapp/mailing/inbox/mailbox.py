"""The mailbox where bounces and calendar answers arrive, read over IMAP (RFC 3501, 6851).

Which messages were looked at is remembered in this process alone, as the highest UID (RFC 3501 §2.3.1.1): a keyword on
the message would touch what isn't ours, and Exchange has none. Who starts anew looks once more at what was left.
"""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from config import Settings, is_loopback
from regapp.mailing.inbox.imap import MOST_OCTETS, Patience, PatientImap

_AT_A_TIME = 100
_BEGINNING = 20_000
"""Octets of a message that is too large."""

_SIZE = re.compile(rb"(?=.*\bUID (\d+))(?=.*\bRFC822\.SIZE (\d+))")


class InboxTrouble(Exception):
    """The inbox can't be read; str() says why, without credentials and without anything from a message."""


class Arrived(NamedTuple):
    """A message; of one that is too large to be any of those that are waited for only the beginning."""

    uid: int
    octets: bytes
    is_whole: bool


class Mailbox:
    """`with mailbox.opened():` it gives what arrived, and puts away what was dealt with."""

    def __init__(self, settings: Settings, patience: Patience | None = None) -> None:
        self._settings = settings
        self._patience = patience or Patience()
        self._connection: PatientImap | None = None
        self._looked_at = (b"", 0)
        """UIDVALIDITY, and the highest UID that was looked at under it."""

    @contextmanager
    def opened(self) -> Iterator[Mailbox]:
        """Connected, signed in, with a folder for what is done; raises InboxTrouble."""
        self._connection = self._connect()
        try:
            self._make_done_folder()
            self._select()
            yield self
        finally:
            self._connection.say_goodbye()
            self._connection = None

    def arrived(self) -> Iterator[Arrived]:
        """What wasn't looked at before, the oldest first; what is asked for next counts the one before as looked at."""
        validity, last = self._looked_at
        found = self._ask("search", self._imap.uid, "SEARCH", f"UID {last + 1}:*", "UNDELETED")
        # "*" is the last message even where it has a lower number.
        uids = sorted(uid for uid in map(int, (found[0] or b"").split()) if uid > last)
        for start in range(0, len(uids), _AT_A_TIME):
            chunk = uids[start : start + _AT_A_TIME]
            sizes = self._sizes(chunk)
            for uid in chunk:
                if uid in sizes:
                    whole = self._fetch(uid) if sizes[uid] <= MOST_OCTETS else None
                    yield Arrived(
                        uid, self._fetch_first(uid, _BEGINNING) if whole is None else whole, whole is not None
                    )
                self._looked_at = (validity, uid)

    def put_away(self, uid: int) -> None:
        """Move the message to the folder for what is done; another worker may have been quicker."""
        if "MOVE" in self._capabilities:
            self._ask("move", self._imap.uid, "MOVE", str(uid), self._done_folder)
            return
        self._ask("copy", self._imap.uid, "COPY", str(uid), self._done_folder)
        self._ask("delete", self._imap.uid, "STORE", str(uid), "+FLAGS.SILENT", r"(\Deleted)")
        if "UIDPLUS" in self._capabilities:
            self._ask("expunge", self._imap.uid, "EXPUNGE", str(uid))

    def probe(self) -> str:
        """Connect, sign in, look at both folders, change nothing; what was found, in words, or InboxTrouble."""
        self._connection = self._connect()
        try:
            encrypted = "verified TLS" if isinstance(self._imap.sock, ssl.SSLSocket) else "no TLS"
            messages = int(self._ask("open", self._imap.select, self._folder, True)[0] or 0)
            done = self._settings.inbox_done_folder
            found = f"{done} is there" if self._has_done_folder() else f"{done} will be made"
            where = f"{self._settings.inbox_server}:{self._settings.inbox_port} answers"
            return f"{where}; {encrypted}, signed in, {messages} messages in {self._settings.inbox_folder}, {found}"
        finally:
            self._connection.say_goodbye()
            self._connection = None

    @property
    def _imap(self) -> PatientImap:
        if self._connection is None:
            raise RuntimeError("opened() was not entered")
        return self._connection

    @property
    def _folder(self) -> str:
        return f'"{self._settings.inbox_folder}"'

    @property
    def _done_folder(self) -> str:
        return f'"{self._settings.inbox_done_folder}"'

    def _connect(self) -> PatientImap:
        settings, context = self._settings, self._tls()
        begins_in_tls = settings.inbox_use_ssl
        try:
            imap = PatientImap(
                settings.inbox_server,
                settings.inbox_port,
                patience=self._patience,
                context=context if begins_in_tls else None,
            )
        except (imaplib.IMAP4.error, OSError) as error:
            raise InboxTrouble(_trouble("greet", error)) from error
        try:
            if not begins_in_tls and not is_loopback(settings.inbox_server):
                self._ask("start TLS", imap.starttls, context, on=imap)
            self._sign_in(imap)
        except BaseException:
            imap.hang_up()
            raise
        return imap

    def _tls(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self._settings.mail_ca_file or None)
        except OSError as error:
            raise InboxTrouble(f"REGAPP_MAIL_CA_FILE can't be read: {error.strerror}") from error

    def _sign_in(self, imap: PatientImap) -> None:
        user, password = self._settings.inbox_username, self._settings.inbox_password
        if "AUTH=PLAIN" in imap.capabilities:
            # Not LOGIN, which knows no letters beyond ASCII (RFC 4616).
            secret = f"\0{user}\0{password}".encode()
            self._ask("sign in", imap.authenticate, "PLAIN", lambda _challenge: secret, on=imap)
        else:
            quoted = re.sub(r'(["\\])', r"\\\1", user)
            self._ask("sign in", imap.login, f'"{quoted}"', password, on=imap)
        answered = self._ask("capability", imap.capability, on=imap)
        self._capabilities = set(answered[-1].decode("ascii", "replace").upper().split())

    def _make_done_folder(self) -> None:
        if not self._has_done_folder():
            self._ask("make the folder for what is done", self._imap.create, self._done_folder)
            self._ask("subscribe", self._imap.subscribe, self._done_folder)

    def _has_done_folder(self) -> bool:
        return bool(self._ask("list", self._imap.list, '""', self._done_folder) != [None])

    def _select(self) -> None:
        self._ask("open the folder", self._imap.select, self._folder)
        validity = self._imap.response("UIDVALIDITY")[1][0] or b""
        if validity != self._looked_at[0]:
            self._looked_at = (validity, 0)

    def _sizes(self, uids: list[int]) -> dict[int, int]:
        answers = self._ask("fetch", self._imap.uid, "FETCH", ",".join(map(str, uids)), "(UID RFC822.SIZE)")
        found = (_SIZE.search(answer) for answer in answers if isinstance(answer, bytes))
        return {int(match[1]): int(match[2]) for match in found if match}

    def _fetch(self, uid: int) -> bytes | None:
        """The message, unread as it was; None when it is longer than the server said (Exchange's sizes are guesses)."""
        octets = self._fetch_first(uid, MOST_OCTETS + 1)
        return octets if len(octets) <= MOST_OCTETS else None

    def _fetch_first(self, uid: int, most: int) -> bytes:
        answers = self._ask("fetch", self._imap.uid, "FETCH", str(uid), f"(BODY.PEEK[]<0.{most}>)")
        return next((bytes(answer[1]) for answer in answers if isinstance(answer, tuple)), b"")

    def _ask(self, what: str, command: Callable[..., Any], *arguments: Any, on: PatientImap | None = None) -> Any:
        """The data of the server's answer; raises InboxTrouble for any but OK."""
        (on or self._imap).set_deadline(self._patience.command)
        try:
            status, data = command(*arguments)
        except (imaplib.IMAP4.error, OSError, UnicodeError) as error:
            raise InboxTrouble(_trouble(what, error)) from error
        if status != "OK":
            raise InboxTrouble(f"the server doesn't {what}: {_line(data[-1])}")
        return data


def _trouble(what: str, error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {getattr(error, 'verify_message', '') or error.reason}"
    if isinstance(error, UnicodeError):
        return f"the server doesn't {what} with letters other than ASCII"
    if isinstance(error, OSError):
        return f"the server can't be reached: {error.strerror or error}"
    return f"the server doesn't {what}: {_line(error.args[0] if error.args else error)}"


def _line(words: Any) -> str:
    """A server's words as one line of printable text."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:300]
