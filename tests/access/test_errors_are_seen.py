"""Whatever a form may find wrong is said where the person can see it and do something about it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from flask import Flask

from regapp.accounts.roles import Role
from regapp.core.forms import Form
from tests.access import test_access_table as table
from tests.support.client import read
from tests.support.pages import Page, words

values = table.values
UNSEEN = ("csrf_token", "website")
"""The token's error and the trap's are said of the whole form."""
OF_THE_FORM = "Felet i formuläret."
SAYS_IT_ALL = "accounts.sign_out"
"""Its page says in its own words that nothing has happened yet, and has the button."""


def fields_of(form: Any) -> Iterator[Any]:
    """Every field that can have an error of its own, with those in rows."""
    for field in form:
        if field.type == "FormField":
            yield from fields_of(field.form)
        elif hasattr(field, "entries"):
            yield from fields_of(field.entries)
        elif not field.name.endswith(UNSEEN):
            yield field


@pytest.fixture
def found_wrong(monkeypatch: pytest.MonkeyPatch) -> list[list[Any]]:
    """From now on every form finds something wrong with itself and with all of its fields: these, form by form."""
    wrong: list[list[Any]] = []

    def validate(form: Form, *_args: Any, **_kwargs: Any) -> bool:
        fields = list(fields_of(form))
        for field in fields:
            field.errors = [said_of(field)]
        form.form_errors = [OF_THE_FORM]
        wrong.append(fields)
        return False

    monkeypatch.setattr(Form, "validate", validate)
    return wrong


def said_of(field: Any) -> str:
    return f"Felet i {field.name}."


def hidden_parts(page: Page) -> set[str]:
    """The ids of what is on the page without being seen."""
    closed = [e for e in page.all("details") if e.get("open") is None]
    unseen = [e for e in page.all() if e.get("hidden") is not None or "reserve" in (e.get("class") or "").split()]
    return {identity for holder in [*closed, *unseen] for e in holder.iter() if (identity := e.get("id"))}


def unopened(page: Page) -> list[Element]:
    """Parts that a script hides, and that hold an error without the mark by which it shows them."""
    parts = [e for e in page.all() if e.get("data-shown-when")]
    has_error = [e for e in parts if any((inner.get("id") or "").endswith("-error") for inner in e.iter())]
    return [e for e in has_error if not any(inner.get("aria-invalid") == "true" for inner in e.iter())]


def what_is_not_said(page: Page, wrong: list[list[Any]]) -> list[str]:
    """The summary is about one form; where a page has two, the other's errors stand at its fields."""
    summary = " ".join(words(e) for e in page.all() if e.get("id") == "errors")
    seen = {e.get("id") for e in page.all()} - hidden_parts(page)
    in_summary = [[said_of(field) for field in fields if said_of(field) not in summary] for fields in wrong]
    at_fields = [f for fields in wrong for f in fields if f.type != "HiddenField" and f"{f.id}-error" not in seen]
    return [
        *([] if OF_THE_FORM in summary else ["nothing of the form in the summary"]),
        *(f"in the summary: {said}" for said in min(in_summary, key=len)),
        *(f"at the field: {field.name}" for field in at_fields),
        *(f"a part that stays hidden: {part.get('data-shown-when')}" for part in unopened(page)),
    ]


@pytest.mark.parametrize("role", [None, Role.ADMIN])
def test_every_error_of_every_form_is_said_in_the_summary_and_at_a_field_that_is_seen(
    app: Flask, values: dict[str, Any], found_wrong: list[list[Any]], role: Role | None
) -> None:
    client, unsaid, looked_at = table.browser(app, role), [], 0
    for door in table.doors(app, values, "GET", "POST"):
        found_wrong.clear()
        answer = client.open(
            door.path,
            follow_redirects=True,
            method=door.method,
            data={"first_name": "Åsa"} if door.method == "POST" else {},
        )
        if (
            not found_wrong
            or door.rule.endpoint == SAYS_IT_ALL
            or (role is None and door.path.startswith("/organiser/2026"))
        ):
            answer.close()
            continue
        if not 400 <= answer.status_code < 500:
            unsaid.append(f"{door.method} {door.path}: {answer.status}")
            continue
        looked_at += 1
        unsaid += [f"{door.method} {door.path}: {what}" for what in what_is_not_said(read(answer), found_wrong)]
    assert not unsaid, "\n".join(unsaid)
    assert looked_at > 15
