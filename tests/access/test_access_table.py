"""Who may open what: every address, every method, every role; and no address changes anything by being opened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from regapp.accounts import access, links, managing
from regapp.accounts.roles import Role
from regapp.campaigns import reminding
from regapp.core.db import Model, db, writing
from regapp.core.links import Purpose, sign
from regapp.mailing import heartbeat
from regapp.mailing.models import OutgoingMail
from regapp.registrations.models import Registration
from regapp.registrations.submissions import Submission
from tests.support.client import CheckingClient
from tests.support.days import APPLICATION, WHILE_OPEN, new_day
from tests.support.organisers import signed_in

ROLES = (None, Role.VIEWER, Role.DOOR, Role.ORGANISER, Role.ADMIN)
"""The columns of the table; None is somebody who is not signed in."""

IN, NO, ASKED = "+", "-", "?"
"""Let in; told in words that the role doesn't reach; asked to sign in."""

TABLE = {
    # endpoint and method, then anonymous, viewer, door, organiser, admin
    "accounts.account GET": "?++++",
    "accounts.account POST": "?++++",
    "accounts.change_password GET": "?++++",
    "accounts.change_password POST": "?++++",
    "accounts.choose_password GET": "+++++",
    "accounts.choose_password POST": "+++++",
    "accounts.forgot_password GET": "+++++",
    "accounts.forgot_password POST": "+++++",
    "accounts.link_sent GET": "+++++",
    "accounts.sign_in GET": "+++++",
    "accounts.sign_in POST": "+++++",
    "accounts.sign_out POST": "+++++",
    "health.healthz GET": "+++++",
    "health.late GET": "+++++",
    "health.live GET": "+++++",
    "organising.attempts GET": "?+-++",
    "organising.attendees GET": "?++++",
    "organising.cancel_person GET": "?--++",
    "organising.cancel_person POST": "?--++",
    "organising.change_needs POST": "?--++",
    "organising.correct_person GET": "?--++",
    "organising.correct_person POST": "?--++",
    "organising.correct_address GET": "?--++",
    "organising.correct_address POST": "?--++",
    "organising.letter GET": "?+-++",
    "organising.letter_html GET": "?+-++",
    "organising.line GET": "?+-++",
    "organising.mail GET": "?+-++",
    "organising.move_person GET": "?--++",
    "organising.move_person POST": "?--++",
    "organising.move_to_front GET": "?--++",
    "organising.move_to_front POST": "?--++",
    "organising.register_person GET": "?--++",
    "organising.register_person POST": "?--++",
    "organising.cancel_day GET": "?--++",
    "organising.cancel_day POST": "?--++",
    "organising.dashboard GET": "?++++",
    "organising.day GET": "?++++",
    "organising.edit_day GET": "?--++",
    "organising.edit_day POST": "?--++",
    "organising.export GET": "?+-++",
    "organising.export POST": "?+-++",
    "organising.edit_reminder GET": "?--++",
    "organising.edit_reminder POST": "?--++",
    "organising.mail_plan GET": "?+-++",
    "organising.mark_message POST": "?+-++",
    "organising.messages GET": "?+-++",
    "organising.new_day GET": "?--++",
    "organising.new_day POST": "?--++",
    "organising.new_reminder GET": "?--++",
    "organising.new_reminder POST": "?--++",
    "organising.planned_letter GET": "?+-++",
    "organising.planned_letter_html GET": "?+-++",
    "organising.print_attendees GET": "?++++",
    "organising.reminders GET": "?+-++",
    "organising.remove_reminder GET": "?--++",
    "organising.remove_reminder POST": "?--++",
    "organising.pause_mail GET": "?--++",
    "organising.pause_mail POST": "?--++",
    "organising.person GET": "?+-++",
    "organising.publish POST": "?--++",
    "organising.restore_day POST": "?--++",
    "organising.resume_mail GET": "?--++",
    "organising.resume_mail POST": "?--++",
    "organising.send_again POST": "?--++",
    "organising.send_present GET": "?--++",
    "organising.send_present POST": "?--++",
    "organising.show_health POST": "?--++",
    "organising.try_mail_now POST": "?--++",
    "organising.undo_person GET": "?--++",
    "organising.undo_person POST": "?--++",
    "organising.unpublish POST": "?--++",
    "registrations.answer GET": "+++++",
    "registrations.accept GET": "+++++",
    "registrations.accept POST": "+++++",
    "registrations.accessibility GET": "+++++",
    "registrations.address GET": "+++++",
    "registrations.address POST": "+++++",
    "registrations.address_changed GET": "+++++",
    "registrations.attendance GET": "+++++",
    "registrations.attendance POST": "+++++",
    "registrations.cancel GET": "+++++",
    "registrations.cancel POST": "+++++",
    "registrations.cookies GET": "+++++",
    "registrations.correct_address GET": "+++++",
    "registrations.correct_address POST": "+++++",
    "registrations.day GET": "+++++",
    "registrations.decline GET": "+++++",
    "registrations.decline POST": "+++++",
    "registrations.details GET": "+++++",
    "registrations.details POST": "+++++",
    "registrations.event_file GET": "+++++",
    "registrations.find_link GET": "+++++",
    "registrations.home GET": "+++++",
    "registrations.join GET": "+++++",
    "registrations.join POST": "+++++",
    "registrations.language GET": "+++++",
    "registrations.language POST": "+++++",
    "registrations.leave_line GET": "+++++",
    "registrations.leave_line POST": "+++++",
    "registrations.link GET": "+++++",
    "registrations.link POST": "+++++",
    "registrations.link_asked GET": "+++++",
    "registrations.my GET": "+++++",
    "registrations.my_data GET": "+++++",
    "registrations.my_event_file GET": "+++++",
    "registrations.needs GET": "+++++",
    "registrations.needs POST": "+++++",
    "registrations.privacy GET": "+++++",
    "registrations.received GET": "+++++",
    "registrations.register GET": "+++++",
    "registrations.register POST": "+++++",
    "registrations.transfer GET": "+++++",
    "registrations.transfer POST": "+++++",
    "registrations.undo GET": "+++++",
    "registrations.undo POST": "+++++",
    "registrations.wait GET": "+++++",
    "registrations.wait POST": "+++++",
    "registrations.withdraw_consent GET": "+++++",
    "registrations.withdraw_consent POST": "+++++",
    "static GET": "+++++",
}

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


class Door(NamedTuple):
    """An address with real values in it, and a method."""

    rule: Rule
    method: str
    path: str

    @property
    def row(self) -> str:
        return TABLE[f"{self.rule.endpoint} {self.method}"]


@pytest.fixture
def values(app: Flask) -> Iterator[dict[str, Any]]:
    """What stands in the addresses: a day, a registration with its links, a new organiser's link."""
    with time_machine.travel(WHILE_OPEN, tick=False):
        with app.app_context():
            slug = new_day().slug
        app.test_client().submit(f"/{slug}/register", **APPLICATION)
        with app.app_context(), writing():
            registration = db.session.scalars(select(Registration)).one()
            reminder = reminding.add(registration.event_id, reminding.USUAL[0], WHILE_OPEN, actor="system")
            newcomer = managing.add("new@example.org", Role.VIEWER, WHILE_OPEN, actor="system")
            heartbeat.beat(WHILE_OPEN)
            found = {
                "slug": slug,
                "public_id": registration.public_id,
                "mail_id": db.session.scalars(select(OutgoingMail.id)).one(),
                "filename": "site.css",
                "answer_id": db.session.scalars(select(Submission.answer_id)).one(),
                "mark": "read",
                "reminder_id": reminder.id,
                "name": f"reminder-{reminder.id}",
                "token": sign(Purpose.MANAGE, registration.public_id, registration.link_version),
                "join": sign(Purpose.JOIN, registration.public_id, registration.link_version),
                "choose": links.address_of(newcomer, WHILE_OPEN + timedelta(days=1)).rpartition("/")[2],
            }
        yield found


def doors(app: Flask, values: dict[str, Any], *methods: str) -> list[Door]:
    found = []
    for rule in app.url_map.iter_rules():
        own = {"registrations.join": "join", "accounts.choose_password": "choose"}.get(rule.endpoint, "token")
        given = {**values, "token": values[own]}
        wanted = {name: given[name] for name in rule.arguments if name in given}
        _, path = rule.build({**(rule.defaults or {}), **wanted}, append_unknown=False) or ("", "")
        assert path, f"no value for {rule.arguments} of {rule}"
        found += [Door(rule, method, path) for method in methods if method in (rule.methods or ())]
    return found


def browser(app: Flask, role: Role | None) -> CheckingClient:
    client = app.test_client() if role is None else signed_in(app, role)
    assert isinstance(client, CheckingClient)
    return client


def seen(answer: TestResponse) -> str:
    """What the answer means to whom it was given."""
    answer.close()
    assert answer.status_code < 500, answer.status
    if answer.status_code == 403:
        return NO
    if answer.status_code == 401 or "/organiser/sign-in?next=" in (answer.location or ""):
        return ASKED
    assert answer.status_code not in {404, 405}, answer.status
    return IN


def dump(app: Flask) -> dict[str, list[str]]:
    """Every row of every table."""
    with app.app_context():
        return {
            table.name: sorted(map(repr, db.session.execute(select(table)))) for table in Model.metadata.sorted_tables
        }


def test_every_address_stands_in_the_table_and_nothing_else(app: Flask) -> None:
    there = {
        f"{rule.endpoint} {method}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert there == set(TABLE)


@pytest.mark.parametrize("role", ROLES)
def test_every_address_is_open_to_whom_the_table_says(app: Flask, values: dict[str, Any], role: Role | None) -> None:
    client = browser(app, role)
    column = ROLES.index(role)
    wrong = []
    for door in doors(app, values, "GET", "HEAD", "POST"):
        expected = TABLE[f"{door.rule.endpoint} {'GET' if door.method == 'HEAD' else door.method}"][column]
        found = seen(client.open(door.path, method=door.method))
        if found != expected:
            wrong.append(f"{door.method} {door.path}: {found} instead of {expected}")
    assert not wrong


def test_no_other_method_is_answered(app: Flask, values: dict[str, Any]) -> None:
    client = browser(app, Role.ADMIN)
    for door in doors(app, values, "GET", "POST"):
        for method in METHODS - set(door.rule.methods or ()):
            if not any(method in (r.methods or ()) for r in app.url_map.iter_rules() if r.rule == door.rule.rule):
                assert client.open(door.path, method=method).status_code == 405, f"{method} {door.path}"


@pytest.mark.parametrize("role", [None, Role.ADMIN])
def test_opening_an_address_changes_nothing(app: Flask, values: dict[str, Any], role: Role | None) -> None:
    client = browser(app, role)
    before = dump(app)
    for door in doors(app, values, "GET", "HEAD"):
        client.open(door.path, method=door.method, headers={"Purpose": "prefetch"}).close()
        assert dump(app) == before, f"{door.method} {door.path} changed something"


@pytest.mark.parametrize("role", [None, Role.ADMIN])
@pytest.mark.parametrize("token", [None, "", "ImEi.aaaa.bbbb"])
def test_sending_without_our_own_token_changes_nothing(
    app: Flask, values: dict[str, Any], role: Role | None, token: str | None
) -> None:
    client = browser(app, role)
    before = dump(app)
    for door in doors(app, values, "POST"):
        sent = {**APPLICATION, "reason": "test", "format": "csv"} | ({} if token is None else {"csrf_token": token})
        answer = client.post(door.path, data=sent)
        assert answer.status_code < 500, f"{door.path}: {answer.status}"
        assert dump(app) == before, f"POST {door.path} changed something"


def test_an_organisers_page_without_a_rule_stops_the_start(app_of_its_own: Flask) -> None:
    app_of_its_own.view_functions["organising.forgotten"] = lambda: "open to the world"
    app_of_its_own.url_map.add(Rule("/organiser/forgotten", endpoint="organising.forgotten"))
    with pytest.raises(RuntimeError, match="forgotten"):
        access.refuse_undeclared(app_of_its_own)
