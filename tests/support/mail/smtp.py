"""A real SMTP server on loopback that remembers what it got, and misbehaves when told to."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

CERTIFICATES = Path(__file__).parent
HERE = CERTIFICATES / "localhost.pem"
ELSEWHERE = CERTIFICATES / "elsewhere.pem"
USER, PASSWORD = "regapp", "s3kret-of-nobody"

DROP = "drop"
HANG = "hang"


@dataclass(frozen=True)
class Received:
    """One message as it came over the wire."""

    sender: str
    recipients: list[str]
    octets: bytes
    connection: int
    over_tls: bool

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.octets, policy=policy.SMTP)  # type: ignore[arg-type]


@dataclass
class Faults:
    """What goes wrong, in order: each list's next answer is used up; an empty list is good weather.

    An answer is a reply ("450 come back later"), DROP or HANG.
    """

    greeting: list[str] = field(default_factory=list)
    mail: list[str] = field(default_factory=list)
    mail_later: list[str] = field(default_factory=list)
    """Answers to MAIL on a connection that has carried a letter already."""
    recipients: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    amid_data: list[str] = field(default_factory=list)
    """DROP, when a part of the letter has come."""
    data: list[str] = field(default_factory=list)
    quit: list[str] = field(default_factory=list)
    seconds_per_byte: float = 0
    letters_per_connection: int = 0


class _Server(SMTP):
    """aiosmtpd's server with bad manners."""

    owner: SmtpServer

    async def _handle_client(self) -> None:
        self.owner.connections += 1
        self.number, self.letters = self.owner.connections, 0
        if self.owner.faults.greeting:
            await self.answer(self.owner.faults.greeting.pop(0))
            self.transport.close()
            return
        await super()._handle_client()

    async def answer(self, fault: str) -> None:
        if fault == DROP:
            _abort(self.transport)
        elif fault == HANG:
            await asyncio.sleep(3600)
        else:
            await self.push(fault)

    async def push(self, status: Any) -> None:
        if not self.owner.faults.seconds_per_byte:
            await super().push(status)
            return
        octets = status if isinstance(status, bytes) else str(status).encode()
        for octet in octets + b"\r\n":
            self._writer.write(bytes([octet]))
            await asyncio.sleep(self.owner.faults.seconds_per_byte)

    async def smtp_DATA(self, arg: str) -> None:
        if not self.owner.faults.amid_data:
            await super().smtp_DATA(arg)
            return
        await self.push("354 go on")
        await self._reader.read(200)
        await self.answer(self.owner.faults.amid_data.pop(0))

    async def smtp_QUIT(self, arg: str) -> None:
        if self.owner.faults.quit:
            await self.answer(self.owner.faults.quit.pop(0))
        else:
            await super().smtp_QUIT(arg)


class _Handler:
    def __init__(self, owner: SmtpServer) -> None:
        self.owner = owner

    async def _fault(self, server: _Server, faults: list[str]) -> str | None:
        if not faults:
            return None
        fault = faults.pop(0)
        if fault in {DROP, HANG}:
            await server.answer(fault)
            return "421 gone"
        return fault

    async def handle_MAIL(
        self, server: _Server, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        most = self.owner.faults.letters_per_connection
        if most and server.letters >= most:
            return "421 4.7.0 too many letters in one connection"
        faults = self.owner.faults.mail_later if server.letters else self.owner.faults.mail
        if fault := await self._fault(server, faults):
            return fault
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: _Server, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if fault := await self._fault(server, self.owner.faults.recipients[address]):
            return fault
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: _Server, session: Session, envelope: Envelope) -> str:
        octets = bytes(envelope.content or b"")
        over_tls = session.ssl is not None
        received = Received(envelope.mail_from or "", list(envelope.rcpt_tos), octets, server.number, over_tls)
        if fault := await self._fault(server, self.owner.faults.data):
            self.owner.refused.append(received)
            return fault
        server.letters += 1
        self.owner.received.append(received)
        self.owner.when_received(received)
        return f"250 2.0.0 accepted as number {len(self.owner.received)}"


class SmtpServer:
    """`with SmtpServer() as server`: listens at `server.port`, keeps what it got in `server.received`."""

    def __init__(
        self,
        *,
        certificate: Path | None = None,
        implicit_tls: bool = False,
        wants_sign_in: bool = False,
        port: int = 0,
    ) -> None:
        self.faults = Faults()
        self.received: list[Received] = []
        self.refused: list[Received] = []
        """What came whole and wasn't taken."""
        self.when_received: Callable[[Received], object] = lambda received: None
        """What happens while the server has a letter but hasn't said so."""
        self.connections = 0
        self.port = port
        self._tls = _tls(certificate) if certificate else None
        self._implicit = implicit_tls
        self._wants_sign_in = wants_sign_in
        self._loop = asyncio.new_event_loop()
        self._listening = threading.Event()
        self._open: set[_Server] = set()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> SmtpServer:
        self._thread.start()
        assert self._listening.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def forget(self) -> None:
        """Good weather and nothing received, as when it was started; open connections are cut."""
        for server in list(self._open):
            self._loop.call_soon_threadsafe(_abort, server.transport)
        self._open.clear()
        self.faults = Faults()
        self.received, self.refused = [], []
        self.when_received = lambda received: None
        self.connections = 0

    def to(self, address: str) -> list[Received]:
        """What came for this address."""
        return [received for received in self.received if address in received.recipients]

    def _protocol(self) -> _Server:
        server = _Server(
            _Handler(self),
            hostname="mail.example.org",
            ident="test",
            tls_context=None if self._implicit else self._tls,
            require_starttls=bool(self._tls and not self._implicit),
            authenticator=self._authenticate,
            auth_required=self._wants_sign_in,
            auth_require_tls=False,
            loop=self._loop,
            timeout=3600,
        )
        server.owner = self
        self._open.add(server)
        return server

    def _authenticate(self, _server: Any, _session: Any, _envelope: Any, mechanism: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and data == LoginPassword(USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=False)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        tls = self._tls if self._implicit else None
        listener = self._loop.run_until_complete(
            self._loop.create_server(self._protocol, "127.0.0.1", self.port, ssl=tls)
        )
        self.port = listener.sockets[0].getsockname()[1]
        self._listening.set()
        self._loop.run_forever()
        listener.close()
        for server in self._open:
            _abort(server.transport)
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()


def _abort(transport: Any) -> None:
    """End the connection at once; Python 3.11's own abort() of a TLS transport raises TypeError."""
    if hasattr(transport, "_ssl_protocol"):
        # None once the connection has ended by itself.
        transport = transport._ssl_protocol and transport._ssl_protocol._transport
    if transport is not None:
        transport.abort()


def _tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
