"""The way out through SMTP: Flask-Mail with verified TLS, an end to waiting, and answers kept.

Which trouble is the letter's and which the server's is decided here: see `_blame`.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from flask_mail import Connection, Mail, Message

from config import Settings
from regapp.core import addresses
from regapp.mailing.message import FilledLetter, envelope_sender
from regapp.mailing.models import TryOutcome
from regapp.mailing.sending.claiming import Answer
from regapp.mailing.sending.holding import QueueTrouble
from regapp.mailing.sending.smtp import DeadlineSmtp, DeadlineSmtpTls, Patience

LETTERS_PER_CONNECTION = 100
"""Many servers refuse the next one after this many."""

_NOT_SIGNED_IN = {530, 534, 535, 538}
"""RFC 4954 §6: the server wants a sign-in, another one, or one under TLS."""

_TOO_LARGE = 552


class LetterMessage(Message):
    """Flask-Mail's message with the bytes that `message.to_bytes` made; its own have no calendar part."""

    def __init__(self, letter: FilledLetter, octets: bytes, envelope_sender: str) -> None:
        # Flask-Mail's own constructor asks DNS for this machine's name, at every letter.
        self.subject, self.sender, self.recipients = letter.subject, envelope_sender, [letter.recipient]
        self.cc, self.bcc, self.reply_to = [], [], None
        self.mail_options, self.rcpt_options = [], []
        self.date = 0  # An empty one would be filled in; the Date in the bytes is the letter's own.
        self._octets = octets

    def as_bytes(self) -> bytes:
        return self._octets


class LetterConnection(Connection):
    """Flask-Mail's connection with a certificate check, a time limit, and a QUIT that can't fail a letter."""

    host: DeadlineSmtp | None

    def __init__(self, mail: Mailer) -> None:
        super().__init__(mail)
        self._mailer = mail

    def configure_host(self) -> DeadlineSmtp:
        client = self._mailer.dial()
        try:
            if self._mailer.settings.mail_use_tls:
                client.starttls(context=self._mailer.tls())
            client.ehlo_or_helo_if_needed()
            if self._mailer.settings.mail_username:
                client.login(self._mailer.settings.mail_username, self._mailer.settings.mail_password)
        except BaseException:
            client.close()
            raise
        return client

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, tb: TracebackType | None
    ) -> None:
        if self.host is not None:
            self.host.say_goodbye()


class Mailer(Mail):
    """Flask-Mail, set up from our settings: never silenced by TESTING, never printing credentials."""

    def __init__(self, settings: Settings, patience: Patience) -> None:
        super().__init__()
        self.settings = settings
        self.patience = patience
        self.state = self.init_mail({"MAIL_SERVER": settings.mail_server, "MAIL_PORT": settings.mail_port})

    def connect(self) -> LetterConnection:
        return LetterConnection(self)

    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.settings.mail_ca_file or None)

    def dial(self) -> DeadlineSmtp:
        host, port, name = self.settings.mail_server, self.settings.mail_port, self.settings.mail_domain
        if self.settings.mail_use_ssl:
            return DeadlineSmtpTls(host, port, name=name, patience=self.patience, context=self.tls())
        return DeadlineSmtp(host, port, name=name, patience=self.patience)


class SmtpTransport:
    """Letters over one connection, a new one where the server ends it."""

    def __init__(self, settings: Settings, patience: Patience | None = None) -> None:
        self._settings = settings
        self._patience = patience or Patience()
        self._mailer = Mailer(settings, self._patience)
        self._connection: LetterConnection | None = None
        self._sent = 0

    @contextmanager
    def opened(self) -> Iterator[SmtpTransport]:
        """Connected, signed in; raises QueueTrouble when that can't be had."""
        self._connect()
        try:
            yield self
        finally:
            self._disconnect()

    def send(self, letter: FilledLetter, octets: bytes) -> Answer:
        """Deliver one letter; raises QueueTrouble when the server, not the letter, is the trouble."""
        message = LetterMessage(letter, octets, envelope_sender(letter.id, self._settings))
        if self._sent >= LETTERS_PER_CONNECTION or not self._is_connected():
            self._reconnect()
        answer = self._try(message)
        if answer is None:
            # The server had enough of this connection before it looked at this letter.
            self._reconnect()
            answer = self._try(message)
        return answer or Answer(TryOutcome.RETRY, "the server ended the connection")

    def probe(self) -> str:
        """Connect, greet, sign in, say goodbye; what was agreed, in words, or QueueTrouble."""
        with self.opened():
            encrypted = "verified TLS" if isinstance(self._client.sock, ssl.SSLSocket) else "no TLS"
            signed_in = "signed in" if self._settings.mail_username else "no sign-in"
            return f"{self._settings.mail_server}:{self._settings.mail_port} answers; {encrypted}, {signed_in}"

    @property
    def _client(self) -> DeadlineSmtp:
        return self._open_connection[1]

    @property
    def _open_connection(self) -> tuple[LetterConnection, DeadlineSmtp]:
        if self._connection is None or self._connection.host is None:
            raise RuntimeError("opened() was not entered")
        return self._connection, self._connection.host

    def _is_connected(self) -> bool:
        return self._connection is not None and self._client.sock is not None

    def _connect(self) -> None:
        connection = self._mailer.connect()
        try:
            connection.__enter__()
        except (OSError, smtplib.SMTPException) as error:
            raise QueueTrouble(_trouble(error)) from error
        self._connection, self._sent = connection, 0

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.__exit__(None, None, None)

    def _reconnect(self) -> None:
        self._disconnect()
        self._connect()

    def _try(self, message: LetterMessage) -> Answer | None:
        """One try; None when a connection that had taken letters ended before this one began."""
        (connection, client), is_fresh = self._open_connection, self._sent == 0
        client.has_begun = False
        client.set_deadline(self._patience.letter)
        try:
            connection.send(message)
        except (OSError, smtplib.SMTPException) as error:
            if client.sock is None and not client.has_begun and not is_fresh:
                return None
            return _blame(error)
        self._sent += 1
        return Answer(TryOutcome.SENT, said(*client.reply))


def said(code: int, words: bytes | str) -> str:
    """A server's answer as one line of printable text."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    line = "".join(character if character.isprintable() else " " for character in f"{code} {text}")
    return addresses.shown(" ".join(line.split()))[:500]


def _blame(error: Exception) -> Answer:
    """The letter's own trouble as an answer; raises QueueTrouble for the server's.

    The sender is the same for all letters: who refuses it for good (5xx) refuses them all. But 552 answers the size
    that was named with it (RFC 1870 §6.1).
    """
    code, words = _code_of(error)
    if code in _NOT_SIGNED_IN:
        raise QueueTrouble(_trouble(error)) from error
    if isinstance(error, smtplib.SMTPSenderRefused) and 500 <= code != _TOO_LARGE:
        raise QueueTrouble(f"the sender is refused: {said(code, words)}") from error
    if not code:
        return Answer(TryOutcome.RETRY, said(0, str(error)).removeprefix("0 "))
    return Answer(TryOutcome.FAILED if code >= 500 else TryOutcome.RETRY, said(code, words))


def _code_of(error: Exception) -> tuple[int, Any]:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        refused: tuple[int, bytes] = next(iter(error.recipients.values()))
        return refused
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code, error.smtp_error
    return 0, ""


def _trouble(error: Exception) -> str:
    """What stands between us and the server, without credentials."""
    code, words = _code_of(error)
    if isinstance(error, smtplib.SMTPAuthenticationError) or code in _NOT_SIGNED_IN:
        return f"the sign-in is refused: {said(code, words)}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {getattr(error, 'verify_message', '') or error.reason}"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return f"the server can't do what is set: {error}"
    if code:
        return f"the server doesn't want us now: {said(code, words)}"
    return f"the server can't be reached: {getattr(error, 'strerror', None) or error}"
