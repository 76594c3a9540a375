"""What goes into the outbox, and what the organisers' pages read of it."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from regapp.core import clock
from regapp.core.db import db, writing
from regapp.mailing import outbox
from regapp.mailing.models import MailState, OutgoingMail
from regapp.mailing.sending import holding
from tests.support.mail.letters import WRITTEN_AT, a_letter, count_letters, put, put_invited

pytestmark = pytest.mark.usefixtures("context")


def _get(identity: str) -> OutgoingMail:
    mail = db.session.get(OutgoingMail, identity, populate_existing=True)
    assert mail is not None
    return mail


def test_a_letter_waits_with_its_date_and_message_id_fixed() -> None:
    mail = _get(put(at=WRITTEN_AT))
    assert mail.state is MailState.QUEUED
    assert mail.dated_at == mail.due_at == WRITTEN_AT
    assert mail.message_id == f"<{mail.id}@swecarnet.example.org>"


@pytest.mark.both_databases("a unique key keeps the second one out")
def test_the_same_key_twice_is_one_letter() -> None:
    first = put("confirmation:1")
    again = put("confirmation:1", letter=a_letter(subject="Another"))
    assert first == again
    assert db.session.scalar(select(func.count()).select_from(OutgoingMail)) == 1
    assert _get(first).subject == a_letter().subject


def test_a_letter_of_a_transaction_that_failed_was_never_written() -> None:
    with pytest.raises(RuntimeError), writing():
        outbox.enqueue(a_letter(), key="k", kind="link", to="a@b.se", language="sv", at=clock.now())
        raise RuntimeError
    assert sum(count_letters().values()) == 0


def test_the_calendar_is_stored_unfolded() -> None:
    calendar = _get(put_invited()).calendar
    assert calendar is not None
    assert "\r\n " not in calendar


def test_letters_that_wait_are_taken_back_and_one_in_a_workers_hand_is_not() -> None:
    from regapp.mailing.sending import claiming

    claimed = _get(put("a"))
    with writing():
        assert claiming.claim(clock.now())
    waiting = _get(put("b"))
    with writing():
        outbox.withdraw_all(OutgoingMail.id.in_([claimed.id, waiting.id]))
    assert _get(claimed.id).state is MailState.SENDING
    assert _get(waiting.id).state is MailState.WITHDRAWN


def test_the_trouble_is_shown_since_it_began_until_it_is_over() -> None:
    now = clock.now()
    assert outbox.queue_trouble() is None
    with writing():
        holding.stop("the server can't be reached", now)
    with writing():
        holding.stop("the sign-in is refused", now + timedelta(seconds=5))
    trouble = outbox.queue_trouble()
    assert trouble is not None
    assert (trouble.stopped_at, trouble.reason) == (now, "the sign-in is refused")
    assert trouble.resumes_at == now + timedelta(seconds=15)
    with writing():
        assert holding.end_stop()
    assert outbox.queue_trouble() is None


@pytest.mark.both_databases("constraints")
@pytest.mark.parametrize(
    "wrong",
    [{"text": None}, {"method": None}, {"state": MailState.SENDING}, {"state": MailState.SENT}],
)
def test_the_database_refuses_a_letter_that_cant_be(wrong: dict[str, object]) -> None:
    mail = _get(put_invited())
    with pytest.raises(IntegrityError), writing():
        mail = _get(mail.id)
        for name, value in wrong.items():
            setattr(mail, name, value)
