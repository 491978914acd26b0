"""A question to people in a real browser: it comes by itself, and of two answers one counts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.axe import violations
from tests.browser.people import expect_phase, signed_in
from tests.live import LiveStigmer

pytestmark = [pytest.mark.browser, pytest.mark.processes]

ASKS = """document: {dsl: '1.0.0', namespace: tests, name: asks-people, version: '1.0.0'}
do:
- approve:
    call: human
    with:
      prompt: May the order be shipped?
      form:
        title: The delivery
        type: object
        required: [parcels]
        properties:
          parcels: {type: integer, title: Parcels, maximum: 5, description: At most five go on one van.}
          carrier: {enum: [train, van], title: Carrier}
          express: {type: boolean, title: Express}
          labels: {type: array, title: Labels}
      outcomes: [{name: approve, label: Ship it}, {name: deny, label: Do not ship}]
      approvers: {users: [demo], groups: [Support]}
      timeout: {days: 2}
- done: {set: {outcome: '${ .outcome }'}}
"""


@pytest.fixture
def admin(chromium: Browser, live_stigmer: LiveStigmer) -> Iterator[Page]:
    page = signed_in(chromium, live_stigmer, "admin")
    yield page
    page.context.close()


@pytest.fixture
def demo(chromium: Browser, live_stigmer: LiveStigmer) -> Iterator[Page]:
    page = signed_in(chromium, live_stigmer, "demo")
    yield page
    page.context.close()


def ask(page: Page, live: LiveStigmer) -> None:
    """A run that asks, on its own page."""
    page.goto(f"{live.base_url}/workflows/apply")
    page.get_by_label("Definition").fill(ASKS)
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("heading", name="asks-people", level=1)).to_be_visible()
    page.get_by_role("button", name="Start").click()
    page.wait_for_url("**/executions/wex-*/**")


def test_of_two_people_who_answer_at_once_one_counts_and_the_other_is_told(
    admin: Page, demo: Page, live_stigmer: LiveStigmer
) -> None:
    demo.goto(f"{live_stigmer.base_url}/approvals/")
    expect(demo.get_by_text("Nothing waits for you")).to_be_visible()
    ask(admin, live_stigmer)
    sentence = admin.locator("#standing .sentence")
    expect(sentence).to_contain_text("Waits for an answer of demo or Support until")
    # Both pages show the form by themselves, and the one who was asked finds it counted.
    for page in (admin, demo):
        expect(page.get_by_label("Parcels")).to_be_visible()
        expect(page.locator("#asks-badge-side")).to_have_text("1 waiting")
    assert violations(demo) == []
    demo.set_viewport_size({"width": 1280, "height": 900})
    demo.get_by_label("Parcels").fill("9")
    demo.get_by_label("Comment").fill("by noon")
    demo.get_by_role("button", name="Ship it").click()
    expect(demo.get_by_text("9 is greater than the maximum of 5")).to_be_visible()
    expect(demo.get_by_label("Comment")).to_have_value("by noon")
    assert violations(demo) == []
    demo.set_viewport_size({"width": 1280, "height": 900})
    demo.get_by_label("Parcels").fill("3")
    admin.get_by_label("Parcels").fill("2")
    held: list[Route] = []
    for page in (admin, demo):
        page.route("**/respond", lambda route: held.append(route))
    for page, label in ((admin, "Do not ship"), (demo, "Ship it")):
        with page.expect_request("**/respond"):
            page.get_by_role("button", name=label, exact=True).click()
    for route in held:
        route.continue_()
    told = [page.locator("#outcome .notice") for page in (admin, demo)]
    for notice in told:
        expect(notice).to_be_visible()
    said = [notice.inner_text() for notice in told]
    assert sum("You answered" in each for each in said) == 1, said
    assert sum("answered already" in each for each in said) == 1, said
    expect_phase(admin, "Completed")
    # Whoever was told so has nothing more to answer, without a reload.
    for page in (admin, demo):
        expect(page.get_by_label("Parcels")).to_have_count(0)
        expect(page.locator("#asks-badge-side")).to_have_text("")
    expect(admin.locator(".step .answered")).to_contain_text("hip")


def test_what_is_typed_stays_while_the_page_goes_on(
    admin: Page, demo: Page, live_stigmer: LiveStigmer
) -> None:
    ask(admin, live_stigmer)
    demo.goto(f"{live_stigmer.base_url}/approvals/")
    demo.get_by_label("Parcels").fill("4")
    demo.get_by_label("Comment").fill("half a thought")
    demo.get_by_role("heading", name="Approvals").click()
    ask(admin, live_stigmer)
    expect(demo.locator(".ask")).to_have_count(2)
    older = demo.locator(".ask").last
    expect(older.get_by_label("Parcels")).to_have_value("4")
    expect(older.get_by_label("Comment")).to_have_value("half a thought")
    # By keyboard alone: the comment, then the first button.
    older.get_by_label("Comment").focus()
    demo.keyboard.press("Tab")
    demo.keyboard.press("Enter")
    notice = demo.locator("#outcome .notice")
    expect(notice).to_be_focused()
    expect(notice).to_contain_text("You answered: Ship it.")
    expect(demo.locator(".ask")).to_have_count(1)
    demo.get_by_role("button", name="Do not ship").click()
    expect(demo.get_by_text("Nothing waits for you")).to_be_visible()
    demo.get_by_role("link", name="Answered").click()
    expect(demo.get_by_text("half a thought")).to_be_visible()
    assert violations(demo) == []
