"""One form, sent once or often, by one person or many, is one registration and one letter."""

import re

import pytest
from flask import Flask, Response, session
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from regapp.core import clock
from regapp.core.db import db, writing
from regapp.events.models import Event
from regapp.mailing.models import MailState, OutgoingMail
from regapp.registrations import cancelling
from regapp.registrations.models import HealthNote, Registration, Status
from tests.support import cookies
from tests.support.client import CheckingClient, read
from tests.support.days import APPLICATION, new_day

DIETS: dict[str, object] = {"diets": ["vegan"], "diet_other": "Inte koriander", "health_consent": True}

pytestmark = pytest.mark.usefixtures("day")


def registrations(app: Flask) -> list[Registration]:
    with app.app_context():
        return list(db.session.scalars(select(Registration).order_by(Registration.id)))


def letters(app: Flask) -> list[tuple[str, str]]:
    """Kind and recipient of every letter that waits or went."""
    with app.app_context():
        rows = db.session.execute(
            select(OutgoingMail.kind, OutgoingMail.recipient)
            .where(OutgoingMail.state != MailState.WITHDRAWN)
            .order_by(OutgoingMail.dated_at)
        )
        return [(kind, recipient) for kind, recipient in rows]


def correct(client: CheckingClient, answer: TestResponse, **fields: object) -> TestResponse:
    """Correct the address from the page that answered a form."""
    return client.submit(f"{answer.request.path}/correct-address", **fields)


def test_a_registration_is_answered_with_the_address_and_a_letter(app: Flask, client: CheckingClient) -> None:
    answer = client.submit("/2026/register", **APPLICATION)
    assert answer.request.path.startswith("/2026/received/")
    assert "asa@example.org" in read(answer).text
    (registration,) = registrations(app)
    assert registration.status is Status.CONFIRMED
    assert registration.language == "sv"
    assert letters(app) == [("confirmation", "asa@example.org")]


def test_a_name_is_kept_as_it_is_written(app: Flask, client: CheckingClient) -> None:
    for number, (first, last) in enumerate(
        [("Null", "Ng"), ("Åsa-Märta", "O'Brien"), ("李", "小龍"), ("محمد", "العلي"), ("Zoë", "van der Ähn")]
    ):
        fields = {"first_name": first, "last_name": last, "email": f"n{number}@example.org", "attendance": "online"}
        assert client.submit("/2026/register", **{**APPLICATION, **fields}).status_code == 200
    assert [r.last_name for r in registrations(app)] == ["Ng", "O'Brien", "小龍", "العلي", "van der Ähn"]


def test_the_english_page_registers_in_english(app: Flask, client: CheckingClient) -> None:
    answer = client.submit("/en/2026/register", **APPLICATION)
    assert answer.request.path.startswith("/en/2026/received/")
    assert registrations(app)[0].language == "en"


def test_one_form_sent_twelve_times_is_one_registration_and_one_letter(app: Flask, client: CheckingClient) -> None:
    form = client.page("/2026/register").form()
    answers = [client.send("/2026/register", form, **APPLICATION) for _ in range(12)]
    (path,) = {answer.request.path for answer in answers}
    assert path.startswith("/2026/received/")
    assert len(registrations(app)) == 1
    assert len(letters(app)) == 1


def test_the_same_address_from_twelve_browsers_is_one_registration_and_all_see_the_same(
    app: Flask, client: CheckingClient
) -> None:
    texts = set()
    for _ in range(12):
        other: CheckingClient = app.test_client()  # type: ignore[assignment]
        texts.add(read(other.submit("/2026/register", **APPLICATION)).text)
    assert len(texts) == 1
    assert len(registrations(app)) == 1
    assert letters(app) == [("confirmation", "asa@example.org")]


def test_a_known_address_gets_its_own_link_at_most_once_an_hour_and_five_times_a_day(
    app: Flask, client: CheckingClient, clock
) -> None:
    client.submit("/2026/register", **APPLICATION)
    for _ in range(12):
        clock.shift(31 * 60)
        other: CheckingClient = app.test_client()  # type: ignore[assignment]
        other.submit("/2026/register", **{**APPLICATION, "email": "ASA@Example.ORG"})
    kinds = [kind for kind, _ in letters(app)]
    assert kinds == ["confirmation", "link", "link", "link", "link"]
    assert [r.first_name for r in registrations(app)] == ["Åsa-Märta"]


def test_dots_and_tags_make_other_addresses(app: Flask, client: CheckingClient) -> None:
    for address in ("a.b@example.org", "ab@example.org", "ab+x@example.org"):
        client.submit("/2026/register", **{**APPLICATION, "email": address, "attendance": "online"})
    assert len(registrations(app)) == 3


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("first_name", "", "Fyll i ditt förnamn."),
        ("first_name", "\u200b\u200b", "tecken som inte går att visa"),
        ("first_name", "Anna\x00", "tecken som inte går att visa"),
        ("first_name", "\u202eannA", "tecken som inte går att visa"),
        ("first_name", "A" + "\u0301" * 40, "tecken som inte går att visa"),
        ("first_name", "x" * 123, "Du kan skriva högst 100 tecken. Ta bort 23 tecken."),
        ("last_name", "https://example.com", "ingen webbadress"),
        ("email", "", "Fyll i din e-postadress, till exempel namn@ki.se."),
        ("email", "anna", "E-postadressen saknar @."),
        ("email", "a@b", "Fyll i din e-postadress"),
        ("email", "a@b@example.org", "Fyll i din e-postadress"),
        ("email", "åsa@example.org", "Delen före @"),
        ("email", "a@example.org\r\nBcc: b@example.org", "Skriv allt på en rad."),
        ("profession", "", "Välj ditt yrke."),
        ("profession", "emperor", "Välj ditt yrke."),
        ("profession", "other", "Skriv vilket yrke"),
        ("workplace", " ", "Fyll i din arbetsplats."),
        ("attendance", None, "Välj om du deltar på plats eller digitalt."),
        ("attendance", "moon", "Välj om du deltar på plats eller digitalt."),
        ("diets", ["dragon"], "Välj bland kosterna i listan."),
        ("diets", ["vegan"], "Kryssa i att vi får spara"),
        ("access_needs", "Rullstolsplats", "Kryssa i att vi får spara"),
        ("message", "x" * 1001, "Ta bort 1 tecken."),
        ("website", "http://robot.example", "Ett fält som bara är till för robotar"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_what_was_typed_stays(
    app: Flask, client: CheckingClient, field: str, value: object, words: str
) -> None:
    answer = client.submit("/2026/register", **{**APPLICATION, field: value})
    assert answer.status_code == 422
    page = read(answer)
    assert words in page.text
    assert page.title.startswith("Fel: ")
    untouched = "workplace" if field != "workplace" else "first_name"
    assert page.find(name=untouched).get("value") == APPLICATION[untouched]
    assert registrations(app) == []
    assert letters(app) == []


def test_fields_that_nobody_offered_have_no_effect(app: Flask, client: CheckingClient) -> None:
    client.submit("/2026/register", **APPLICATION, status="cancelled", role="admin", public_id="x", language="de")
    (registration,) = registrations(app)
    assert (registration.status, registration.language) == (Status.CONFIRMED, "sv")
    assert registration.public_id != "x"


def test_diets_are_kept_with_consent_and_only_for_on_site(app: Flask, client: CheckingClient) -> None:
    health = {"diets": ["vegan", "nut_allergy"], "diet_other": "Ej lök", "health_consent": True}
    client.submit("/2026/register", **APPLICATION, **health)
    client.submit("/2026/register", **{**APPLICATION, **health, "email": "b@example.org", "attendance": "online"})
    with app.app_context():
        (note,) = db.session.scalars(select(HealthNote))
        assert note.diets == ["vegan", "nut_allergy"]
        assert note.registration_id == 1


def test_on_site_is_never_oversold_and_online_is_offered(app: Flask, client: CheckingClient) -> None:
    for number in range(2):
        client.submit("/2026/register", **{**APPLICATION, "email": f"p{number}@example.org"})
    answer = client.submit("/2026/register", **{**APPLICATION, "email": "p3@example.org"})
    assert answer.status_code == 422
    assert "Alla platser på plats är tagna" in read(answer).text
    client.submit("/2026/register", **{**APPLICATION, "email": "p3@example.org", "attendance": "online"})
    assert len(registrations(app)) == 3


def test_a_form_without_its_token_is_refused_and_keeps_what_was_typed(app: Flask, client: CheckingClient) -> None:
    for token in (None, "", "foreign"):
        answer = client.submit("/2026/register", **APPLICATION, csrf_token=token)
        assert answer.status_code == 422
        page = read(answer)
        assert "Det du har fyllt i finns kvar" in page.text
        assert page.find(name="first_name").get("value") == "Åsa-Märta"
    assert registrations(app) == []


def test_a_form_key_that_is_not_ours_is_replaced_and_nothing_is_lost(app: Flask, client: CheckingClient) -> None:
    answer = client.submit("/2026/register", **APPLICATION, form_key="mine")
    assert answer.status_code == 422
    client.send("/2026/register", read(answer).form())
    assert len(registrations(app)) == 1


def test_a_mistyped_address_is_corrected_in_the_same_browser(app: Flask, client: CheckingClient) -> None:
    sent = client.submit("/2026/register", **{**APPLICATION, "email": "aas@example.org"})
    before = registrations(app)[0]
    answer = correct(client, sent, email="asa@example.org")
    assert "asa@example.org" in read(answer).text
    (after,) = registrations(app)
    assert after.email == "asa@example.org"
    assert after.link_version == before.link_version + 1
    # The first letter had not left: it never will.
    assert letters(app) == [("confirmation", "asa@example.org")]
    assert after.calendar_sequence == 0


def test_going_back_to_correct_the_address_in_the_form_does_the_same(app: Flask, client: CheckingClient) -> None:
    form = client.page("/2026/register").form()
    client.send("/2026/register", form, **{**APPLICATION, "email": "aas@example.org"})
    client.send("/2026/register", form, **APPLICATION)
    assert [r.email for r in registrations(app)] == ["asa@example.org"]


def test_a_full_day_answers_a_known_address_as_an_unknown_one(app: Flask, client: CheckingClient) -> None:
    for email in ("asa@example.org", "bo@example.org"):
        client.submit("/2026/register", **{**APPLICATION, "email": email})
    known = client.submit("/2026/register", **APPLICATION)
    unknown = client.submit("/2026/register", **{**APPLICATION, "email": "new@example.org"})
    assert known.status_code == unknown.status_code == 422
    assert "Alla platser på plats är tagna" in read(known).text


def test_going_back_to_register_a_colleague_takes_nobodys_place(app: Flask, client: CheckingClient) -> None:
    form = client.page("/2026/register").form()
    client.send("/2026/register", form, **APPLICATION)
    colleague = {**APPLICATION, "first_name": "Bo", "email": "bo@example.org"}
    for _ in range(3):
        answer = client.send("/2026/register", form, **colleague)
    assert "bo@example.org" in read(answer).text
    active = [(r.first_name, r.email) for r in registrations(app) if r.is_active]
    assert active == [("Åsa-Märta", "asa@example.org"), ("Bo", "bo@example.org")]
    assert letters(app) == [("confirmation", "asa@example.org"), ("confirmation", "bo@example.org")]


def test_correcting_from_a_known_address_registers_the_right_one(app: Flask, client: CheckingClient) -> None:
    client.submit("/2026/register", **APPLICATION)
    other: CheckingClient = app.test_client()  # type: ignore[assignment]
    sent = other.submit("/2026/register", **{**APPLICATION, "first_name": "Bo"})
    correct(other, sent, email="bo@example.org")
    assert [(r.first_name, r.email) for r in registrations(app)] == [
        ("Åsa-Märta", "asa@example.org"),
        ("Bo", "bo@example.org"),
    ]


def test_correcting_to_a_known_address_leaves_one_registration(app: Flask, client: CheckingClient) -> None:
    client.submit("/2026/register", **APPLICATION)
    other: CheckingClient = app.test_client()  # type: ignore[assignment]
    sent = other.submit("/2026/register", **{**APPLICATION, "email": "bo@example.org"})
    answer = correct(other, sent, email="asa@example.org")
    assert "asa@example.org" in read(answer).text
    assert [r.email for r in registrations(app) if r.is_active] == ["asa@example.org"]


def test_correcting_to_a_known_address_by_mistake_and_then_to_the_right_one_loses_nobody(
    app: Flask, client: CheckingClient
) -> None:
    client.submit("/2026/register", **APPLICATION)
    other: CheckingClient = app.test_client()  # type: ignore[assignment]
    bo = {**APPLICATION, **DIETS, "first_name": "Bo", "email": "bob@example.org"}
    sent = other.submit("/2026/register", **bo)
    correct(other, sent, email="asa@example.org")
    correct(other, sent, email="bo@example.org", **DIETS)
    active = [r for r in registrations(app) if r.is_active]
    assert [(r.first_name, r.email) for r in active] == [("Åsa-Märta", "asa@example.org"), ("Bo", "bo@example.org")]
    assert ("confirmation", "bo@example.org") in letters(app)
    with app.app_context():
        note = db.session.get_one(HealthNote, active[1].id)
        assert (note.diets, note.diet_other) == (["vegan"], "Inte koriander")


def test_a_stranger_who_cancels_what_came_to_him_takes_no_place_from_who_registers_with_the_right_address(
    app: Flask, client: CheckingClient
) -> None:
    sent = client.submit("/2026/register", **{**APPLICATION, "email": "aas@example.org"})
    with app.app_context(), writing():
        cancelling.cancel(db.session.scalars(select(Registration.id)).one(), clock.now())
    refused = client.page(f"{sent.request.path}/correct-address")
    assert "Anmäl dig igen med rätt adress" in refused.text
    assert "/2026/register" in refused.links()
    client.submit("/2026/register", **APPLICATION)
    assert [r.email for r in registrations(app) if r.is_active] == ["asa@example.org"]
    assert ("confirmation", "asa@example.org") in letters(app)


def test_correcting_to_and_fro_floods_no_mailbox(app: Flask, client: CheckingClient) -> None:
    sent = client.submit("/2026/register", **{**APPLICATION, "email": "victim@example.org"})
    for number in range(10):
        answer = correct(client, sent, email=f"other{number}@example.org")
        correct(client, sent, email="victim@example.org")
    assert answer.status_code == 429
    assert "för många försök" in read(answer).text
    with app.app_context():
        to_the_victim = select(func.count()).where(OutgoingMail.recipient == "victim@example.org")
        assert (db.session.scalar(to_the_victim) or 0) <= 5


def test_the_address_can_be_corrected_for_half_an_hour_and_only_in_that_browser(
    app: Flask, client: CheckingClient, clock
) -> None:
    answer = client.submit("/2026/register", **APPLICATION).request.path
    stranger: CheckingClient = app.test_client()  # type: ignore[assignment]
    for path in (answer, f"{answer}/correct-address"):
        assert stranger.get(path).location == "/2026/received"
    form = client.page(f"{answer}/correct-address").form()
    clock.shift(30 * 60)
    client.send(f"{answer}/correct-address", form, email="annan@example.org")
    assert [r.email for r in registrations(app)] == ["asa@example.org"]
    assert "asa@example.org" not in read(client.get(answer, follow_redirects=True)).text
    assert "asa@example.org" not in client.page("/2026/received").text


def test_the_cookie_holds_nothing_personal(client: CheckingClient) -> None:
    client.submit("/2026/register", **APPLICATION)
    cookie = client.get_cookie("__Host-regapp", domain="anmalan.example.org")
    assert cookie is not None
    kept = cookies.read(cookie.value)
    assert kept.keys() == {"csrf_token", "sent"}
    assert not re.search("asa|Märta|example", str(kept), re.IGNORECASE)
    assert (cookie.secure, cookie.http_only, cookie.same_site) == (True, True, "Lax")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("email", "asa@example.org"),
        ("sent", ["till asa@example.org"]),
        ("_flashes", [("message", "Åsa-Märta är anmäld.")]),
        ("_flashes", [("message", "En lång mening om Öberg, " * 20)]),
    ],
)
def test_a_cookie_that_tells_of_a_person_fails_the_test_that_gets_it(
    app_of_its_own: Flask, key: str, value: object
) -> None:
    client = app_of_its_own.test_client()
    client.submit("/2026/register", **APPLICATION)

    def keep(response: Response) -> Response:
        session[key] = value
        return response

    app_of_its_own.after_request_funcs[None].append(keep)
    with pytest.raises(AssertionError, match=r"holds|an address|a name"):
        client.get("/2026/")


def test_every_registration_is_in_the_audit_log_without_personal_data(app: Flask, client: CheckingClient) -> None:
    from regapp.core.audit import AuditEntry

    client.submit("/2026/register", **APPLICATION)
    with app.app_context():
        (entry,) = db.session.scalars(select(AuditEntry))
        assert (entry.action, entry.actor, entry.details) == ("registration.made", "participant", {})
        assert db.session.scalar(select(func.count()).select_from(Registration)) == 1


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b'{"first_name": 7, "email": ["a"], "diets": {"x": null}}', "application/json", 422),
        (b"[[", "application/json", 422),
        (b"--x\r\nContent-Disposition: nonsense", "multipart/form-data; boundary=x", 422),
        (b"\xff\xfe=%ff%00&first_name=%ed%a0%80", "application/x-www-form-urlencoded", 422),
        (b"&".join(b"f%d=1" % n for n in range(1000)), "application/x-www-form-urlencoded", 422),
        (b"message=" + b"x" * 300_000, "application/x-www-form-urlencoded", 413),
    ],
)
def test_what_is_no_form_is_refused_in_words(
    app: Flask, client: CheckingClient, body: bytes, kind: str, status: int
) -> None:
    answer = client.post("/2026/register", data=body, content_type=kind)
    assert answer.status_code == status
    assert registrations(app) == []


def test_a_form_of_another_day_is_refused_in_words_and_counts_when_it_is_sent_again(
    app: Flask, client: CheckingClient
) -> None:
    with app.app_context():
        new_day(slug="2027")
    form = client.page("/2026/register").form()
    refused = client.send("/2027/register", form, **APPLICATION)
    assert refused.status_code == 422
    page = read(refused)
    assert "Formuläret hörde till en annan utbildningsdag" in page.text
    assert page.find(name="first_name").get("value") == "Åsa-Märta"
    assert registrations(app) == []
    client.send("/2027/register", page.form())
    client.send("/2026/register", form, **APPLICATION)
    with app.app_context():
        days = db.session.scalars(select(Registration).order_by(Registration.id))
        assert [registration.event.slug for registration in days] == ["2027", "2026"]


@pytest.mark.parametrize("wish", ["line", "online_and_line"])
def test_a_seat_that_became_free_goes_to_whoever_asked_for_the_line(
    app: Flask, client: CheckingClient, wish: str
) -> None:
    with app.app_context(), writing():
        db.session.scalars(select(Event)).one().seats_on_site = 1
    client.submit("/2026/register", **{**APPLICATION, "email": "first@example.org"})
    with app.app_context(), writing():
        db.session.scalars(select(Event)).one().version += 1  # else the page is a second old
    form = client.page("/2026/register").form()
    with app.app_context(), writing():
        cancelling.cancel(db.session.scalars(select(Registration.id)).one(), clock.now())
    client.send("/2026/register", form, **{**APPLICATION, "attendance": wish})
    with app.app_context():
        mail = db.session.query(OutgoingMail).filter_by(recipient="asa@example.org").one()
        assert "en plats i lokalen hade blivit ledig" in " ".join(mail.text.split())
        assert db.session.query(Registration).filter_by(email="asa@example.org").one().has_seat


@pytest.mark.parametrize("wish", ["line", "online_and_line"])
@pytest.mark.parametrize("seats", [None, 0])
def test_a_line_on_a_day_that_has_none_is_refused_in_words(
    app: Flask, client: CheckingClient, wish: str, seats: int | None
) -> None:
    with app.app_context(), writing():
        db.session.scalars(select(Event)).one().seats_on_site = seats
    answer = client.submit("/2026/register", **{**APPLICATION, "attendance": wish})
    assert answer.status_code == 422
    assert "Dagen har ingen kö." in "".join(read(answer).find(id="attendance-error").itertext())
    assert registrations(app) == []


def test_a_day_that_became_full_meanwhile_offers_the_line_in_the_same_form(app: Flask, client: CheckingClient) -> None:
    form = client.page("/2026/register").form()
    for number in range(2):
        client.submit("/2026/register", **{**APPLICATION, "email": f"p{number}@example.org"})
    refused = client.send("/2026/register", form, **APPLICATION)
    assert "Alla platser på plats är tagna" in read(refused).text
    answer = client.send("/2026/register", read(refused).form(), **{**APPLICATION, "attendance": "line"})
    assert answer.status_code == 200
    assert registrations(app)[-1].is_in_line
