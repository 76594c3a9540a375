"""Every page in every state, in both languages: nothing for axe to say, nothing cut off, nothing outside the window.

The windows of all tests also watch that no request leaves this machine, the policy holds and no script fails.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from regapp.registrations.choices import Diet, Wish
from tests.browser.house import LANGUAGES, LONG_ADDRESS, House
from tests.support.browser import Windows, examine_everywhere, examine_in_every_window
from tests.support.rounds import first_only

pytestmark = [pytest.mark.browser, pytest.mark.every_window]

PREFIX = {"sv": "", "en": "/en"}

OPEN_DAY = "{open}"
PUBLIC = {
    "an open day": f"/{OPEN_DAY}/",
    "a day not open yet": "/2027-soon/",
    "a closed day": "/2027-closed/",
    "a cancelled day": "/2027-cancelled/",
    "a day that is over": "/2027-over/",
    "a full day": "/2027-full/",
    "a day online only": "/2027-online/",
    "a day with a full hall": "/2027-hall-full/",
    "a day with endless words": "/2027-long/",
    "the form": f"/{OPEN_DAY}/register",
    "the form of a closed day": "/2027-closed/register",
    "the form of a full day": "/2027-full/register",
    "the form of a day with a full hall": "/2027-hall-full/register",
    "asking for the link": f"/{OPEN_DAY}/link",
    "the link is asked for": f"/{OPEN_DAY}/link/asked",
    "a changed address": f"/{OPEN_DAY}/address-changed",
    "the form with endless words": "/2027-long/register",
    "an answer nobody waits for": f"/{OPEN_DAY}/received",
    "privacy": "/privacy",
    "accessibility": "/accessibility",
    "cookies": "/cookies",
    "no such page": "/nothing-here",
    "no such day": "/2099/",
}
OWN = {
    "a registration": ("{open}", "manage", {}),
    "cancelling": ("{open}", "cancel", {}),
    "a registration for a cancelled day": ("2027-cancelled", "manage", {}),
    "joining too early": ("{open}", "join", {}),
    "joining in time": ("2027-today", "join", {}),
    "joining too late": ("2027-ended", "join", {}),
    "joining with a seat": ("2027-today", "join", {"wish": Wish.ON_SITE}),
    "joining from the line": ("2027-near", "join", {"wish": Wish.LINE}),
    "joining after cancelling": ("2027-today", "join", {"cancelled": True}),
    "a cancelled registration": ("2027-free", "manage", {"cancelled": True}),
}
HEALTHY = {"wish": Wish.ON_SITE, "diets": tuple(Diet), "access_needs": "Hörslinga"}
IN_LINE, ONLY_IN_LINE = {"wish": Wish.ONLINE_AND_LINE}, {"wish": Wish.LINE}
OWN |= {
    "a registration on site": ("{open}", "manage", HEALTHY),
    "another form of attendance": ("{open}", "attendance", HEALTHY),
    "a full hall to change to": ("2027-hall-full", "attendance", {}),
    "details": ("{open}", "details", {}),
    "needs": ("{open}", "needs", HEALTHY),
    "needs too late": ("2027-near", "needs", HEALTHY),
    "withdrawing the consent": ("{open}", "withdraw-consent", HEALTHY),
    "a language": ("{open}", "language", {}),
    "an address": ("{open}", "address", {}),
    "a colleague": ("{open}", "transfer", {}),
    "waiting online": ("2027-hall-full", "manage", IN_LINE),
    "waiting without a place": ("2027-hall-full", "manage", ONLY_IN_LINE),
    "leaving the line": ("2027-hall-full", "leave-line", IN_LINE),
    "an offer": ("2027-near", "manage", {**IN_LINE, "offered": True}),
    "an offer without a place": ("2027-near", "manage", {**ONLY_IN_LINE, "offered": True}),
}
OUTSIDE = {
    "signing in": "/organiser/sign-in",
    "a forgotten password": "/organiser/forgot-password",
    "a link on its way": "/organiser/forgot-password/sent",
    "a stale link": "/organiser/choose-password/nothing",
}
ORGANISERS = {
    "the overview": "/organiser/",
    "a day": "/organiser/{open}/",
    "a day without people": "/organiser/2027-soon/",
    "a draft": "/organiser/2027-draft/",
    "a cancelled day": "/organiser/2027-cancelled/",
    "a day that was cancelled just now": "/organiser/2027-halted/",
    "the mail plan of a day that was cancelled just now": "/organiser/2027-halted/mail-plan",
    "a person whose cancellation can be undone": "/organiser/2027-full/attendees/{undoable}",
    "undoing a cancellation beyond the number": "/organiser/2027-full/attendees/{undoable}/undo",
    "undoing what can't be undone": "/organiser/{open}/attendees/{person}/undo",
    "a day with endless words": "/organiser/2027-long/",
    "a draft as people will see it": "/2027-draft/",
    "the editor": "/organiser/{open}/edit",
    "the editor with endless words": "/organiser/2027-long/edit",
    "a new day": "/organiser/days/new",
    "cancelling a day": "/organiser/{open}/cancel",
    "the attendees": "/organiser/{open}/attendees",
    "the attendees, filtered": "/organiser/{open}/attendees?words=åsa&status=confirmed&order=-name",
    "the attendees, the last page": "/organiser/{open}/attendees?page=3",
    "the attendees to print": "/organiser/{open}/print?status=confirmed",
    "no attendees": "/organiser/2027-soon/attendees",
    "nobody found": "/organiser/{open}/attendees?words=zzzz",
    "a filter that there isn't": "/organiser/{open}/attendees?status=nothing",
    "one person": "/organiser/{open}/attendees/{person}",
    "moving a person": "/organiser/{open}/attendees/{person}/move",
    "correcting a person": "/organiser/{open}/attendees/{person}/correct",
    "cancelling a person": "/organiser/{open}/attendees/{person}/cancel",
    "registering somebody": "/organiser/{open}/register",
    "attempts without a registration": "/organiser/{open}/attempts",
    "no attempts": "/organiser/2027-soon/attempts",
    "registering somebody who tried": "/organiser/{open}/register?attempt={attempt}",
    "registering somebody late": "/organiser/2027-closed/register",
    "registering somebody beyond the number": "/organiser/2027-queue/register",
    "the line": "/organiser/2027-queue/line",
    "an empty line": "/organiser/{open}/line",
    "moving to the front": "/organiser/2027-queue/line/{waiting}/first",
    "a person in line": "/organiser/2027-queue/attendees/{waiting}",
    "moving a person in line": "/organiser/2027-queue/attendees/{waiting}/move",
    "the attendees with a line": "/organiser/2027-queue/attendees",
    "a day with a line": "/organiser/2027-queue/",
    "taking out a file": "/organiser/{open}/attendees/export?status=confirmed",
    "the mail plan": "/organiser/{open}/mail-plan",
    "the mail plan near the day": "/organiser/2027-near/mail-plan",
    "the mail plan of a draft": "/organiser/2027-draft/mail-plan",
    "the mail plan of a cancelled day": "/organiser/2027-cancelled/mail-plan",
    "a letter of the plan": "/organiser/2027-long/mail-plan/offer?language=en&form=line",
    "the reminders": "/organiser/2027-near/reminders",
    "no reminders": "/organiser/2027-soon/reminders",
    "a usual reminder": "/organiser/2027-soon/reminders/new?usual=0",
    "a reminder": "/organiser/{open}/reminders/1",
    "removing a reminder": "/organiser/{open}/reminders/1/remove",
    "a day with a missed reminder": "/organiser/2027-near/",
    "a day that is on": "/organiser/2027-today/",
    "the messages": "/organiser/{open}/messages",
    "no messages": "/organiser/2027-soon/messages",
    "the account": "/organiser/account",
    "the mail": "/organiser/{open}/mail",
    "the mail, filtered": "/organiser/{open}/mail?state=failed&words=example",
    "no mail": "/organiser/2027-soon/mail",
    "no such mail": "/organiser/{open}/mail?words=zzzz",
    "mail that there isn't": "/organiser/{open}/mail?state=nothing",
    "the mail of a cancelled day": "/organiser/2027-cancelled/mail",
    "the mail of a day with a line": "/organiser/2027-queue/mail",
    "a letter that was refused": "/organiser/{open}/mail/{refused}",
    "a letter that came back": "/organiser/{open}/mail/{returned}",
    "a letter for which something came back": "/organiser/{open}/mail/{unclear}",
    "the mail that wasn't understood": "/organiser/{open}/mail?state=unclear",
    "a letter that was deferred": "/organiser/{open}/mail/{deferred}",
    "a letter that waits": "/organiser/{open}/mail/{waiting_letter}",
    "pausing the queue": "/organiser/{open}/mail/pause",
    "starting a queue that runs": "/organiser/{open}/mail/resume",
    "sending what holds now": "/organiser/2027-queue/attendees/{waiting}/send",
    "correcting an address": "/organiser/{open}/attendees/{person}/address",
    "the attendees whom letters don't reach": "/organiser/{open}/attendees?delivery=failing",
    "changing the password": "/organiser/change-password",
    "no such page": "/organiser/2099/",
}

STATUS = {
    "no such page": 404,
    "no such day": 404,
    "a stale link": 404,
    "a filter that there isn't": 422,
    "mail that there isn't": 422,
}

in_their_language = first_only(language=LANGUAGES)


def named(pages: dict[str, object]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("name", list(pages))


def visit(page: Page, address: str, name: str = "") -> None:
    """Open the page; a page that says something else than it should is no page to examine."""
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == STATUS.get(name, 200), f"{address}: {answer.status}"


@in_their_language
@named(PUBLIC)
def test_a_public_page_is_for_everybody(house: House, windows: Windows, name: str, language: str) -> None:
    page = windows.open()
    visit(page, house.url(PREFIX[language] + PUBLIC[name].format(open=house.slug)), name)
    assert page.locator("html").get_attribute("lang") == language
    examine_everywhere(page)


@in_their_language
@named(OWN)
def test_a_personal_page_is_for_everybody(house: House, windows: Windows, name: str, language: str) -> None:
    slug, link, options = OWN[name]
    email = f"{name.replace(' ', '-')}.{language}@example.org"
    paths = house.new_participant(slug.format(open=house.slug), language, email=email, **options)
    page = windows.open()
    visit(page, house.url(paths.get(link) or f"{paths['manage']}/{link}"), name)
    assert page.locator("html").get_attribute("lang") == language
    examine_everywhere(page)


def test_a_registration_with_all_there_is_to_say_is_for_everybody(house: House, windows: Windows) -> None:
    page = windows.open()
    visit(page, house.url(house.links_of(LONG_ADDRESS, house.slug)["manage"]))
    examine_in_every_window(page)


@in_their_language
@named(OUTSIDE)
def test_a_page_before_the_sign_in_is_for_everybody(house: House, windows: Windows, name: str, language: str) -> None:
    page = windows.open()
    visit(page, house.url(f"{OUTSIDE[name]}?language={language}"), name)
    assert page.locator("html").get_attribute("lang") == language
    examine_everywhere(page)


@in_their_language
@named(ORGANISERS)
def test_an_organisers_page_is_for_everybody(
    house: House, organiser_window: Callable[..., Page], name: str, language: str
) -> None:
    page = organiser_window(language)
    letters = {**house.letters, "waiting_letter": house.letters["waiting"], "waiting": house.waiting}
    made = {"person": house.person, "undoable": house.undoable, "attempt": house.attempt}
    path = ORGANISERS[name].format(open=house.slug, **made, **letters)
    visit(page, house.url(path), name)
    assert page.locator("html").get_attribute("lang") == language or name == "a draft as people will see it"
    examine_everywhere(page)


@in_their_language
def test_the_details_of_health_are_for_everybody_who_may_see_them(
    house: House, organiser_window: Callable[..., Page], language: str
) -> None:
    page = organiser_window(language)
    visit(page, house.url(f"/organiser/{house.slug}/attendees/{house.person}"))
    page.locator("form[action$='/health'] button").click()
    page.get_by_role("definition").filter(has_text="Hörslinga.").wait_for()
    examine_everywhere(page)
