"""An organiser at the day's editor."""

from __future__ import annotations

import html
import re

from werkzeug.test import TestResponse

from tests.support.client import CheckingClient, read

EDIT = "/organiser/2026/edit"


def ask(organiser: CheckingClient, **fields: object) -> TestResponse:
    """Type these fields into the editor and press "save"."""
    return organiser.submit(EDIT, **fields)


def agree(organiser: CheckingClient, asked: TestResponse) -> TestResponse:
    """Press "save and send" on the page that says who is written to."""
    return organiser.send(EDIT, read(asked).form("/edit"), agreed=signature(asked))


def change(organiser: CheckingClient, **fields: object) -> TestResponse:
    """Change the day, and agree to what is sent if anything is."""
    answer = ask(organiser, **fields)
    return agree(organiser, answer) if is_asking(answer) else answer


def is_asking(answer: TestResponse) -> bool:
    return 'name="agreed"' in answer.get_data(as_text=True)


def signature(asked: TestResponse) -> str:
    found = re.search(r'name="agreed" value="([^"]+)"', asked.get_data(as_text=True))
    assert found, "the page doesn't ask"
    return html.unescape(found[1])
