"""The clients: one process, one loop, plain sockets, so that two cores are left to the server as far as can be."""

from __future__ import annotations

import ipaddress
import itertools
import selectors
import socket
import time
from collections.abc import Callable, Generator
from typing import NamedTuple
from urllib.parse import urlencode


class Answer(NamedTuple):
    status: int
    head: str
    body: bytes


Visit = Generator[bytes, Answer, None]
"""What one visitor does: yields a request, is given its answer.

Each visitor comes by a connection of their own, from an address of their own: a client may register only so often.
"""

_addresses = map(ipaddress.IPv4Address, itertools.count(int(ipaddress.IPv4Address("127.1.0.1"))))


class LoadError(Exception):
    """An answer that isn't the one that is measured."""


def get(path: str, cookie: str = "") -> bytes:
    kept = f"Cookie: {cookie}\r\n" if cookie else ""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{kept}\r\n".encode()


def post(path: str, fields: dict[str, str], cookie: str = "") -> bytes:
    body = urlencode(fields)
    kept = f"Cookie: {cookie}\r\n" if cookie else ""
    kind = "application/x-www-form-urlencoded"
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{kept}Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}\r\n{body}".encode()


def expect(answer: Answer, status: int) -> Answer:
    if answer.status != status:
        raise LoadError(f"{answer.status} instead of {status}: {answer.head} {answer.body[:2000].decode()}")
    return answer


class _Client:
    """One visitor after the other."""

    def __init__(self, port: int, selector: selectors.BaseSelector) -> None:
        self.port = port
        self.selector = selector

    def come(self, visit: Visit) -> None:
        self.visit = visit
        own = str(next(_addresses)), 0
        self.socket = socket.create_connection(("127.0.0.1", self.port), source_address=own)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.selector.register(self.socket, selectors.EVENT_READ, self)
        self._send(next(visit))

    def go(self) -> None:
        self.selector.unregister(self.socket)
        self.socket.close()

    def _send(self, request: bytes) -> None:
        self.received = b""
        self.awaited = 0
        self.socket.sendall(request)

    def read(self) -> bool:
        """Whether the visit is over."""
        piece = self.socket.recv(1 << 18)
        if not piece:
            raise LoadError("the server closed the connection")
        self.received += piece
        answer = self._answer()
        if answer is None:
            return False
        try:
            self._send(self.visit.send(answer))
        except StopIteration:
            return True
        return False

    def _answer(self) -> Answer | None:
        if not self.awaited:
            end = self.received.find(b"\r\n\r\n")
            if end < 0:
                return None
            self.head = self.received[:end].decode("latin-1")
            length = self.head.lower().partition("content-length: ")[2].partition("\r\n")[0]
            self.body_at, self.awaited = end + 4, end + 4 + int(length)
        if len(self.received) < self.awaited:
            return None
        return Answer(int(self.head[9:12]), self.head, self.received[self.body_at : self.awaited])


def per_second(port: int, visits: Callable[[], Visit], clients: int, seconds: float) -> float:
    """Visits per second with so many clients at once; visits begun in time are waited for and counted."""
    with selectors.DefaultSelector() as selector:
        began = time.perf_counter()
        done, here = 0, clients
        for client in [_Client(port, selector) for _ in range(clients)]:
            client.come(visits())
        while here:
            for key, _ in selector.select():
                if not key.data.read():
                    continue
                done += 1
                key.data.go()
                if time.perf_counter() - began < seconds:
                    key.data.come(visits())
                else:
                    here -= 1
        return done / (time.perf_counter() - began)


def once(port: int, visit: Visit) -> None:
    """One visitor, from the first request to the last answer."""
    with selectors.DefaultSelector() as selector:
        client = _Client(port, selector)
        client.come(visit)
        while not client.read():
            pass
        client.go()
