"""The control room by keyboard and by form, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.people import expect_phase, shop, signed_in, start_order
from tests.live import LiveStigmer
from tests.test_spans import LASTING

pytestmark = [pytest.mark.browser, pytest.mark.processes]


@pytest.fixture
def admin(chromium: Browser, live_stigmer: LiveStigmer) -> Iterator[Page]:
    shop(live_stigmer, reset=True)
    page = signed_in(chromium, live_stigmer, "admin")
    yield page
    page.context.close()


def failed_order(page: Page, live: LiveStigmer) -> str:
    shop(live, operation="charge", fault="reject", times=1)
    execution = start_order(page, live)
    expect_phase(page, "Failed")
    return execution


def test_the_palette_goes_where_it_is_told(admin: Page) -> None:
    expect(admin.locator(".side [data-strip]")).to_have_attribute("data-state", "live")
    admin.keyboard.press("Control+k")
    admin.keyboard.type("api tok")
    admin.keyboard.press("Enter")
    expect(admin.get_by_role("heading", name="API tokens")).to_be_visible()


def test_the_palette_finds_a_run_and_what_may_be_done_to_it(
    admin: Page, live_stigmer: LiveStigmer
) -> None:
    execution = failed_order(admin, live_stigmer)
    admin.goto(f"{live_stigmer.base_url}/workers/")
    expect(admin.locator(".side [data-strip]")).to_have_attribute("data-state", "live")
    admin.keyboard.press("Control+k")
    admin.keyboard.type(execution)
    expect(
        admin.get_by_role("option", name=re.compile(rf"Execution · .*{execution}"))
    ).to_be_visible()
    admin.keyboard.press("Enter")
    expect_phase(admin, "Failed")
    expect(admin.locator(".side [data-strip]")).to_have_attribute("data-state", "live")
    admin.keyboard.press("Control+k")
    admin.keyboard.type("retry step")
    admin.keyboard.press("Enter")
    expect_phase(admin, "Completed")


def test_a_click_before_the_scripts_have_loaded_is_done_then(
    admin: Page, live_stigmer: LiveStigmer
) -> None:
    waiting: list[Route] = []
    admin.route("**/js/main.js", lambda route: waiting.append(route))
    admin.goto(f"{live_stigmer.base_url}/workers/", wait_until="commit")
    admin.get_by_role("button", name="Keyboard shortcuts").click()
    sheet = admin.locator("#keys-sheet")
    expect(sheet).to_be_hidden()
    waiting[0].continue_()
    expect(sheet).to_be_visible()


def test_ctrl_enter_sends_a_form_before_the_scripts_have_loaded(
    admin: Page, live_stigmer: LiveStigmer
) -> None:
    admin.route("**/js/main.js", lambda route: None)
    admin.goto(f"{live_stigmer.base_url}/agents/", wait_until="commit")
    admin.get_by_role("link", name="shop-assistant").first.click()
    admin.get_by_label("Message").fill("Are you there?")
    admin.get_by_label("Message").press("Control+Enter")
    admin.wait_for_url("**/conversation*", wait_until="commit")


def test_the_graph_follows_the_run_without_a_reload(admin: Page, live_stigmer: LiveStigmer) -> None:
    failed_order(admin, live_stigmer)
    admin.keyboard.press("2")
    here = admin.locator(".node.here")
    expect(here).to_contain_text("charge")
    admin.evaluate("window.sameDocument = true")
    admin.get_by_role("button", name="Retry step").click()
    expect_phase(admin, "Completed")
    expect(here).to_have_count(0)
    expect(admin.locator(".node.tone-good")).not_to_have_count(0)
    assert admin.evaluate("window.sameDocument"), "the page was reloaded"


def test_a_restore_says_what_runs_again_and_is_in_the_audit(
    admin: Page, live_stigmer: LiveStigmer
) -> None:
    failed_order(admin, live_stigmer)
    admin.keyboard.press("5")
    admin.get_by_role("link", name="Restore… to the beginning").click()
    expect(admin.get_by_text("may happen once more")).to_be_visible()
    admin.locator("#restore-reason").fill("the shelf was counted anew")
    admin.get_by_role("button", name="Restore", exact=True).click()
    expect_phase(admin, "Completed")
    admin.locator("[data-tab]", has_text="Audit").click()
    expect(admin.get_by_text("the shelf was counted anew")).to_be_visible()


def test_a_failed_run_goes_on_with_the_definition_that_was_mended_for_it(
    admin: Page, live_stigmer: LiveStigmer
) -> None:
    head = (
        "document: {dsl: '1.0.0', namespace: tests, name: mended-later, version: '1.0.0'}\ndo:\n-"
        " read: {set: {n: 1}}\n"
    )
    bad = (
        "- total: {raise: {error: {type: 'https://example.org/x', status: 400, title: Wrong"
        " total}}}\n"
    )
    for tasks in (bad, "- other: {set: {n: 2}}\n"):
        admin.goto(f"{live_stigmer.base_url}/workflows/apply")
        admin.get_by_label("Definition").fill(head + tasks)
        admin.get_by_role("button", name="Apply").click()
        expect(admin.get_by_role("heading", name="mended-later", level=1)).to_be_visible()
        if tasks == bad:
            admin.get_by_role("button", name="Start").click()
            expect_phase(admin, "Failed")
            address = admin.url
    admin.goto(address)
    admin.get_by_role("link", name="Go on with another version").click()
    expect(admin.get_by_text("The journal fits version 2.")).to_be_visible()
    expect(admin.get_by_label("Version", exact=True)).to_have_value("2")
    admin.get_by_label("Version", exact=True).select_option("1")
    expect(admin.get_by_text("It would fail again at once")).to_be_visible()
    admin.get_by_label("Version", exact=True).select_option("2")
    expect(admin.get_by_text("It would fail again at once")).to_be_hidden()
    admin.get_by_label("Reason").fill("the total was wrong")
    admin.get_by_role("button", name="Go on with version 2").click()
    expect_phase(admin, "Completed")
    admin.locator("[data-tab]", has_text="Audit").click()
    expect(admin.get_by_text("onto version 2")).to_be_visible()


def test_checked_rows_are_recovered_together(admin: Page, live_stigmer: LiveStigmer) -> None:
    for _ in range(2):
        failed_order(admin, live_stigmer)
    admin.goto(f"{live_stigmer.base_url}/executions/?q=status:failed owner:me")
    for _ in range(2):
        admin.keyboard.press("j")
        admin.keyboard.press("x")
    expect(admin.get_by_text("2 chosen")).to_be_visible()
    admin.get_by_role("button", name="Recover").click()
    expect(admin.get_by_role("heading", name="Recover: 2 of 2 done")).to_be_visible()


def test_a_page_whose_sockets_are_blocked_still_follows(
    chromium: Browser, live_stigmer: LiveStigmer
) -> None:
    page = signed_in(chromium, live_stigmer, "demo")
    page.context.route_web_socket("**/live/", lambda socket: socket.close())
    shop(live_stigmer, operation="charge", fault="hang", seconds=600, times=1)
    start_order(page, live_stigmer)
    expect(page.locator(".side [data-strip]")).to_have_text("Updating every few seconds")
    shop(live_stigmer, operation="charge", fault=None)
    expect_phase(page, "Completed")
    page.context.close()


def test_the_exact_moment_is_in_the_zone_of_the_browser(
    chromium: Browser, live_stigmer: LiveStigmer
) -> None:
    page = signed_in(chromium, live_stigmer, "admin", timezone_id="Asia/Tokyo")
    execution = start_order(page, live_stigmer)
    moment = page.locator("time[data-ago]").first
    expect(moment).to_have_attribute(
        "title", re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d GMT\+9$")
    )
    # The server has learnt it: what it writes from now on is in this zone too.
    answer = page.context.request.get(f"{live_stigmer.base_url}/executions/{execution}/")
    assert " JST" in answer.text()
    # The page's own clock says a span as the server does.
    said = page.evaluate(
        "async spans => { const { lasted } = await import(document.querySelector("
        "'link[rel=modulepreload][href*=clock]')?.href ?? '/static/js/clock.js');"
        " return spans.map(seconds => lasted(seconds * 1000)) }",
        list(LASTING),
    )
    assert said == list(LASTING.values())
    page.context.close()
