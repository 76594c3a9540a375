"""Links to choose a password, lost passwords, changed ones."""

import re
import time
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from regapp.accounts import letters, links, managing, passwords
from regapp.accounts.models import Organiser
from regapp.accounts.roles import Role
from regapp.core.db import db, writing
from regapp.core.errors import NotFound, RuleBroken
from regapp.mailing import marks
from regapp.mailing.kinds import Kind
from regapp.mailing.models import OutgoingMail
from tests.support.client import CheckingClient, read
from tests.support.mail.fates import answer_questions
from tests.support.organisers import OVERVIEW, PASSWORD, add_organiser, sign_in, signed_in, try_to_sign_in

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
EMAIL = "organiser@example.org"
NEW = "fjorton gula paraplyer"


@pytest.fixture
def link(app: Flask) -> str:
    """The path that a new organiser is given."""
    with app.app_context(), writing():
        added = managing.add(EMAIL, Role.ORGANISER, NOON, actor="system")
        return links.address_of(added, NOON + links.INVITATION).removeprefix("https://anmalan.example.org")


def letters_written(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(OutgoingMail)) or 0


def test_a_link_lets_choose_a_password_once(app: Flask, client: CheckingClient, link: str) -> None:
    with time_machine.travel(NOON):
        answer = client.submit(link, new_password=NEW)
        assert "Ditt nya lösenord gäller nu." in read(answer).text
        sign_in(client, EMAIL, NEW)
        assert client.page(link, 404).h1 == "Länken gäller inte längre"
        assert client.post(link, data={"new_password": PASSWORD}).status_code == 404


def test_the_page_behind_a_link_is_kept_by_nobody_and_told_to_nobody(client: CheckingClient, link: str) -> None:
    headers = client.get(link).headers
    assert headers["Referrer-Policy"] == "no-referrer"
    assert (headers["Cache-Control"], headers["X-Robots-Tag"]) == ("no-store", "noindex, nofollow")


def test_a_link_is_dead_after_three_days(client: CheckingClient, link: str) -> None:
    with time_machine.travel(NOON + timedelta(days=3), tick=False):
        client.page(link, 404)
    with time_machine.travel(NOON + timedelta(days=3, seconds=-1), tick=False):
        client.page(link)


@pytest.mark.parametrize(
    "change",
    [
        lambda link: link[:-1],
        lambda link: link + "x",
        lambda link: link.replace("/W", "/X"),
        lambda _: "/organiser/choose-password/x",
        lambda _: "/organiser/choose-password/%00",
    ],
)
def test_an_altered_link_is_the_same_404(client: CheckingClient, link: str, change: object) -> None:
    with time_machine.travel(NOON):
        assert callable(change)
        assert client.page(change(link), 404).h1 == "Länken gäller inte längre"


def test_a_link_of_a_closed_account_is_dead(app: Flask, client: CheckingClient, link: str) -> None:
    with app.app_context(), writing():
        managing.disable(managing.get_by_email(EMAIL).id, NOON, actor="system")
    with time_machine.travel(NOON):
        client.page(link, 404)


@pytest.mark.parametrize(
    "weak",
    ["kort", "elva tecken", "lösenord12345", "password12345", "P@ssw0rd1234", "aaaaaaaaaaaaaaaa", "abcabcabcabc",
     "qwertyuiopasdf", "123456789012", "abcdefghijklm", "organiser@example.org", "Organiser2026!", "Karolinska2026!",
     "sommarsommar2026", "swecarnet-2026", "x" * 2000],
)  # fmt: skip
def test_weak_passwords_are_refused_in_words(client: CheckingClient, link: str, weak: str) -> None:
    with time_machine.travel(NOON):
        answer = client.submit(link, new_password=weak)
        assert answer.status_code == 400
        assert re.search("för kort|lätt att gissa|högst 1000 tecken", read(answer).text)


@pytest.mark.parametrize(
    "good",
    [
        "correct horse battery",
        "fjorton gula paraplyer",
        "Tr0ub4dor&3xyz",
        "k9#fQ2!mZx7p",
        "李小龙在斯德哥尔摩看雪花飘落",
        "m" * 5 + "ågesång i natt",
    ],
)
def test_good_passwords_are_accepted(good: str) -> None:
    passwords.check(good, "anna.berg@example.org", "Anna Berg")


def test_a_long_password_counts_whole(app_of_its_own: Flask) -> None:
    with app_of_its_own.app_context():
        hashed = passwords.hash_password("a långt lösenord " * 58)
        assert hashed.startswith("$argon2id$")
        assert passwords.matches("a långt lösenord " * 58, hashed)
        assert not passwords.matches("a långt lösenord " * 57 + "a långt lösenorD ", hashed)


def test_a_password_of_endless_marks_takes_no_time() -> None:
    began = time.perf_counter()
    passwords.normalise("a" + "\u0301\u0316" * 60_000)
    assert time.perf_counter() - began < 1


def test_the_same_password_in_another_unicode_form_is_the_same(app: Flask) -> None:
    with app.app_context():
        assert passwords.matches("a\u030angkraft i natt", passwords.hash_password("ångkraft i natt"))


def test_a_lost_password_brings_a_letter_whose_link_exists_only_when_it_is_sent(
    app: Flask, client: CheckingClient
) -> None:
    add_organiser(app)
    client.submit("/organiser/forgot-password", email=" Organiser@example.org")
    answer_questions(app)
    with app.app_context():
        mail = db.session.scalars(select(OutgoingMail)).one()
        assert (mail.recipient, mail.kind) == (EMAIL, Kind.SIGN_IN_LINK)
        assert "choose-password/" not in f"{mail.text}{mail.html}"
        text = marks.fill(mail.text or "", letters.links_of(mail))
    found = re.search(r"https://anmalan\.example\.org(/organiser/choose-password/\S+)", text)
    assert found
    client.submit(found[1], new_password=NEW)
    sign_in(client, EMAIL, NEW)
    assert try_to_sign_in(app.test_client(), EMAIL, PASSWORD).status_code == 400


def test_the_answer_never_tells_whether_there_is_an_account(app: Flask, client: CheckingClient) -> None:
    add_organiser(app)
    known = client.submit("/organiser/forgot-password", email=EMAIL)
    unknown = client.submit("/organiser/forgot-password", email="nobody@example.org")
    assert (known.status_code, known.data) == (unknown.status_code, unknown.data)
    assert letters_written(app) == 0
    answer_questions(app)
    assert letters_written(app) == 1


def test_asked_twenty_times_it_writes_five_letters_an_hour(app: Flask) -> None:
    add_organiser(app)
    client = app.test_client()
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(20):
            assert client.submit("/organiser/forgot-password", email=EMAIL).status_code == 200
        answer_questions(app)
        assert letters_written(app) == 5
        clock.shift(timedelta(hours=1))
        client.submit("/organiser/forgot-password", email=EMAIL)
        answer_questions(app)
        assert letters_written(app) == 6


def test_a_robot_that_asks_for_everybody_is_stopped(client: CheckingClient) -> None:
    codes = [client.submit("/organiser/forgot-password", email=f"a{n}@example.org").status_code for n in range(31)]
    assert codes == [200] * 30 + [429]


def test_a_letter_to_an_account_that_was_closed_meanwhile_leads_nowhere(app: Flask, client: CheckingClient) -> None:
    identity = add_organiser(app)
    client.submit("/organiser/forgot-password", email=EMAIL)
    answer_questions(app)
    with app.app_context(), writing():
        managing.disable(identity, NOON, actor="system")
        mail = db.session.scalars(select(OutgoingMail)).one()
        assert letters.links_of(mail) == {"choose_password": "https://anmalan.example.org/organiser/forgot-password"}


def test_changing_the_password_signs_out_everywhere_else(app: Flask) -> None:
    here = signed_in(app)
    elsewhere = sign_in(app.test_client(), EMAIL)
    answer = here.submit("/organiser/change-password", password=PASSWORD, new_password=NEW)
    assert "Ditt nya lösenord gäller nu." in read(answer).text
    assert here.get(OVERVIEW).status_code == 200
    assert elsewhere.get(OVERVIEW).status_code == 302
    sign_in(elsewhere, EMAIL, NEW)


def test_changing_the_password_takes_the_current_one(app: Flask) -> None:
    client = signed_in(app)
    answer = client.submit("/organiser/change-password", password="fel fel fel fel", new_password=NEW)
    assert answer.status_code == 400
    assert str(passwords.NOT_YOURS) in read(answer).text
    for _ in range(9):
        client.submit("/organiser/change-password", password="fel fel fel fel", new_password=NEW)
    answer = client.submit("/organiser/change-password", password=PASSWORD, new_password=NEW)
    assert answer.status_code == 429
    with app.app_context():
        assert db.session.scalars(select(Organiser)).one().password_changed_at is None


def test_a_weak_new_password_is_refused_when_changing(app: Flask) -> None:
    client = signed_in(app)
    answer = client.submit("/organiser/change-password", password=PASSWORD, new_password="kort")
    assert answer.status_code == 400
    assert "för kort" in read(answer).text


def test_there_is_one_account_for_an_address(app: Flask) -> None:
    add_organiser(app)
    with app.app_context(), pytest.raises(RuleBroken), writing():
        managing.add("ORGANISER@example.org", Role.DOOR, NOON, actor="system")


@pytest.mark.usefixtures("context")
def test_a_link_to_choose_a_password_is_good_once_also_for_two_who_send_it_at_once() -> None:
    with writing():
        organiser = managing.add("org@example.org", Role.ADMIN, NOON, actor="system")
    proved = organiser.fs_uniquifier
    with writing():
        managing.set_password(organiser.id, "korrekt häst batteri", NOON, actor=organiser.actor, proved=proved)
    with pytest.raises(NotFound), writing():
        managing.set_password(organiser.id, "en annan lång mening", NOON, actor=organiser.actor, proved=proved)
    with writing():
        managing.disable(organiser.id, NOON, actor="system")
    with pytest.raises(NotFound), writing():
        managing.set_password(
            organiser.id, "en annan lång mening", NOON, actor=organiser.actor, proved=organiser.fs_uniquifier
        )
