"""smtplib with a patience that ends: a server that sends one byte a second can't hold a letter for ever."""

import io
import smtplib
import ssl
import time
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Patience:
    """Seconds to wait: for a connection, for each answer, for everything that one letter needs, at the goodbye.

    All of two letters', with a new connection before each try, is less than the lease in `claiming`.
    """

    connect: float = 20
    answer: float = 60
    letter: float = 180
    goodbye: float = 5


class Timed(Protocol):
    """A client with a deadline."""

    def socket_in_time(self) -> Any: ...


class Answers(io.RawIOBase):
    """What the server says, read no longer than to the client's deadline."""

    def __init__(self, client: Timed) -> None:
        self._client = client

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return int(self._client.socket_in_time().recv_into(buffer))


class DeadlineSmtp(smtplib.SMTP):
    """One connection; `reply` is the server's last word on a message, `has_begun` whether it took the sender."""

    def __init__(self, host: str, port: int, *, name: str, patience: Patience) -> None:
        self.patience = patience
        self.reply: tuple[int, bytes] = (0, b"")
        self.has_begun = False
        self.set_deadline(patience.connect + patience.answer)
        super().__init__(host, port, local_hostname=name, timeout=patience.connect)

    def set_deadline(self, seconds: float) -> None:
        """So much time from here on."""
        self._deadline = time.monotonic() + seconds

    def socket_in_time(self) -> Any:
        """The socket, set to wait no longer than the time left; raises TimeoutError when there is none."""
        left = self._deadline - time.monotonic()
        if left <= 0 or self.sock is None:
            raise TimeoutError("timed out")
        self.sock.settimeout(min(left, self.patience.answer))
        return self.sock

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None:
            self.file = io.BufferedReader(Answers(self))
        return super().getreply()

    def send(self, s: Any) -> None:
        if self.sock is not None:
            self.socket_in_time()
        super().send(s)

    def mail(self, sender: str, options: Any = ()) -> tuple[int, bytes]:
        code, words = super().mail(sender, options)
        self.has_begun = code == 250
        return code, words

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.reply = super().data(msg)
        return self.reply

    def say_goodbye(self) -> None:
        """QUIT; whatever goes wrong there, the letters before it are delivered."""
        self.set_deadline(self.patience.goodbye)
        try:
            self.quit()
        except (smtplib.SMTPException, OSError):
            self.close()


class DeadlineSmtpTls(DeadlineSmtp):
    """The same, in TLS from the first byte."""

    def __init__(self, host: str, port: int, *, name: str, patience: Patience, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__(host, port, name=name, patience=patience)

    def _get_socket(self, host: str, port: int, timeout: float) -> ssl.SSLSocket:
        plain = super()._get_socket(host, port, timeout)  # type: ignore[misc]  # smtplib's own seam for TLS
        return self._context.wrap_socket(plain, server_hostname=host)
