"""A body beyond the limit is refused in words, whether it tells its length or comes in chunks."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from contextlib import closing, suppress

import pytest

from regapp.core.web import MAX_BODY
from tests.support.days import new_open_day
from tests.support.server import System

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
