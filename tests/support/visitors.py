"""People who visit the running service over HTTP, each with a browser of their own."""

from __future__ import annotations

import ipaddress
import itertools
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection, HTTPResponse
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, HTTPHandler, OpenerDirector, Request, build_opener

from tests.support.pages import Form, Page


@dataclass(frozen=True)
class Answer:
    """What a visitor sees in the end, after redirects."""

    status: int
    path: str
    body: str

    @property
    def page(self) -> Page:
        return Page(self.body)


_addresses = map(ipaddress.IPv4Address, itertools.count(int(ipaddress.IPv4Address("127.1.0.1"))))


class _From(HTTPHandler):
    """Opens connections from one of this machine's addresses."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.connection = partial(HTTPConnection, source_address=(address, 0))

    def http_open(self, request: Request) -> HTTPResponse:
        return self.do_open(self.connection, request)


class Visitor:
    """Somebody with cookies and a network address of their own; waits up to `patience` seconds for an answer."""

    def __init__(self, base_url: str, patience: float = 60) -> None:
        self.base_url = base_url
        self.patience = patience
        own = _From(str(next(_addresses)))
        self.opener: OpenerDirector = build_opener(own, HTTPCookieProcessor(CookieJar()))

    def get(self, path: str) -> Answer:
        return self._open(Request(urljoin(self.base_url, path)))  # noqa: S310

    def send(self, path: str, form: Form, **fields: Any) -> Answer:
        data = urlencode(form.filled(fields), doseq=True).encode()
        return self._open(Request(urljoin(self.base_url, form.action or path), data))  # noqa: S310

    def submit(self, path: str, **fields: Any) -> Answer:
        """Open the page, fill in its form, send it."""
        return self.send(path, self.get(path).page.form(), **fields)

    def _open(self, request: Request) -> Answer:
        try:
            response = self.opener.open(request, timeout=self.patience)
        except HTTPError as error:
            response = error
        with response:
            path = response.url.removeprefix(self.base_url)
            return Answer(response.status, path, response.read().decode())
