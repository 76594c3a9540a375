"""A body beyond the limit is refused in words, whether it tells its length or comes in chunks; so is a broken one."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, suppress

import pytest

from regapp.core.web import MAX_BODY
from tests.support.days import new_open_day
from tests.support.machine.server import System

FORM, MULTIPART, JSON = "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "application/json"
FIELD = b'--b\r\nContent-Disposition: form-data; name="message"\r\n\r\n'


def body(kind: str, size: int) -> bytes:
    """A whole body of this kind and so many octets."""
    head, tail = {FORM: (b"message=", b""), MULTIPART: (FIELD, b"\r\n--b--\r\n"), JSON: (b'"', b'"')}[kind]
    return head + b"x" * (size - len(head) - len(tail)) + tail


def in_chunks(octets: bytes) -> Iterator[bytes]:
    yield from (octets[start : start + 60_000] for start in range(0, len(octets), 60_000))


def status_of(system: System, kind: str, octets: bytes) -> tuple[int, str]:
    """What gunicorn answers to a body without a Content-Length."""
    with closing(http.client.HTTPConnection("127.0.0.1", system.port, timeout=10)) as connection:
        # It may answer and hang up before it was told everything.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.request("POST", "/2026/register", in_chunks(octets), {"Content-Type": kind}, encode_chunked=True)
        answer = http.client.HTTPResponse(connection.sock, method="POST")
        answer.begin()
        return answer.status, answer.read().decode()


@pytest.mark.usefixtures("context")
def test_a_body_in_chunks_is_taken_below_the_limit_and_refused_in_words_beyond_it(
    start_system: Callable[..., System],
) -> None:
    new_open_day()
    system = start_system(processes=1)
    for kind in (FORM, MULTIPART, JSON):
        assert status_of(system, kind, body(kind, MAX_BODY - 1000))[0] == 422, kind
        for size in (MAX_BODY + 1, 5 * MAX_BODY):
            status, page = status_of(system, kind, body(kind, size))
            assert (status, "Det är för mycket text" in page) == (413, True), f"{kind}, {size}"


def answer_to(system: System, octets: bytes) -> str:
    """The first line that gunicorn answers to a sender who falls silent after these octets."""
    with closing(socket.create_connection(("127.0.0.1", system.port), timeout=10)) as connection:
        connection.sendall(b"POST /2026/register HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + octets)
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as answer:
            return answer.readline().decode().strip()


@pytest.mark.usefixtures("context")
def test_a_body_that_breaks_off_or_is_badly_chunked_is_refused(start_system: Callable[..., System]) -> None:
    new_open_day()
    system = start_system(processes=1)
    form = f"Content-Type: {FORM}\r\n".encode()
    chunked = form + b"Transfer-Encoding: chunked\r\n\r\n"
    for broken in (
        form + b"Content-Length: 17\r\n\r\nemail=a@ki.se",
        chunked + b"11\r\nemail=a@ki.se",
        chunked + b"zz\r\nemail=a@ki.se\r\n0\r\n\r\n",
        chunked + b"-d\r\nemail=a@ki.se\r\n0\r\n\r\n",
        chunked + b"3\r\nemail=a@ki.se\r\n0\r\n\r\n",
    ):
        assert answer_to(system, broken).startswith("HTTP/1.1 400 "), broken
    assert "a bug" not in system.log("web").read_text()
