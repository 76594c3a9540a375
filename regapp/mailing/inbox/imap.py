"""imaplib with a patience that ends, verified TLS, and no answer longer than it should be."""

import imaplib
import io
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Any

from regapp.mailing.sending.smtp import Answers

MOST_OCTETS = 1_000_000
"""Of one message; ours that come back whole have some forty thousand."""

_OVERHEAD = 1000


@dataclass(frozen=True)
class Patience:
    """Seconds to wait: for a connection, for each answer, for one command with all of its answers, at the goodbye."""

    connect: float = 20
    answer: float = 30
    command: float = 60
    goodbye: float = 5


class PatientImap(imaplib.IMAP4):
    """One connection, in TLS from the first byte when it is given a context."""

    def __init__(self, host: str, port: int, *, patience: Patience, context: ssl.SSLContext | None) -> None:
        self.patience = patience
        self._context = context
        self.set_deadline(patience.connect + patience.answer)
        super().__init__(host, port, timeout=patience.connect)

    def set_deadline(self, seconds: float) -> None:
        """So much time from here on."""
        self._deadline = time.monotonic() + seconds

    def socket_in_time(self) -> Any:
        """The socket, set to wait no longer than the time left; raises TimeoutError when there is none."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self.sock.settimeout(min(left, self.patience.answer))
        return self.sock

    def open(self, host: str = "", port: int = 0, timeout: float | None = None) -> None:
        super().open(host, port, timeout)
        self._listen()

    def _create_socket(self, timeout: float | None) -> Any:
        plain = super()._create_socket(timeout)  # type: ignore[misc]  # imaplib's own seam for TLS
        # imaplib sends a line's end by itself: the kernel would hold it until the server acknowledges the line.
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._context.wrap_socket(plain, server_hostname=self.host) if self._context else plain

    def _listen(self) -> None:
        self._answers = io.BufferedReader(Answers(self))

    def starttls(self, ssl_context: Any = None) -> Any:
        answer = super().starttls(ssl_context)
        # Anew: what was said before TLS, by whomever, is not heard after it.
        self._listen()
        return answer

    def read(self, size: int) -> bytes:
        if size > MOST_OCTETS + _OVERHEAD:
            raise self.abort("the server sends more than it was asked for")
        return self._answers.read(size)

    def readline(self) -> bytes:
        line = self._answers.readline(MOST_OCTETS + 1)
        if len(line) > MOST_OCTETS:
            raise self.abort("the server sends a line without an end")
        return line

    def send(self, data: Any) -> None:
        self.socket_in_time()
        super().send(data)

    def say_goodbye(self) -> None:
        """LOGOUT; whatever goes wrong there, what was done before it is done."""
        self.set_deadline(self.patience.goodbye)
        try:
            self.logout()
        except (self.error, OSError):
            self.hang_up()

    def hang_up(self) -> None:
        try:
            self.shutdown()
        except OSError:
            self.sock.close()
