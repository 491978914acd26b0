"""The walk of the README, in a real browser against `stigmer up`, with nothing reloaded by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import expect_phase, ledger, shop, signed_in, start_order
from tests.live import LiveStigmer

pytestmark = [pytest.mark.browser, pytest.mark.processes]


@pytest.fixture
def demo(chromium: Browser, live_stigmer: LiveStigmer) -> Iterator[Page]:
    shop(live_stigmer, reset=True)
    page = signed_in(chromium, live_stigmer, "demo")
    yield page
    shop(live_stigmer, reset=True)
    page.context.close()


def test_an_order_is_fulfilled(demo: Page, live_stigmer: LiveStigmer) -> None:
    start_order(demo, live_stigmer)
    expect_phase(demo, "Completed")


def test_a_failed_charge_is_retried_by_hand_and_nothing_is_done_twice(
    demo: Page, live_stigmer: LiveStigmer
) -> None:
    shop(live_stigmer, operation="charge", fault="reject", times=1)
    execution = start_order(demo, live_stigmer)
    expect_phase(demo, "Failed")
    # A notice pops up only on a page that is open already, and this run may fail before its page
    # is.
    expect(demo.get_by_role("log", name="History")).to_contain_text("Step failed")
    demo.get_by_role("button", name="Retry step").click()
    expect_phase(demo, "Completed")
    effects = [
        entry["effect"] for entry in ledger(live_stigmer) if entry.get("orderId") == execution
    ]
    assert sorted(effects) == ["charge", "reserve", "ship"]


def test_a_failed_courtesy_is_skipped(demo: Page, live_stigmer: LiveStigmer) -> None:
    shop(live_stigmer, operation="health", fault="reject", times=1)
    start_order(demo, live_stigmer)
    expect_phase(demo, "Failed")
    demo.get_by_role("button", name="Skip step").click()
    expect_phase(demo, "Completed")


def test_a_failed_order_is_recovered_and_the_other_tab_sees_it(
    demo: Page, chromium: Browser, live_stigmer: LiveStigmer
) -> None:
    shop(live_stigmer, operation="ship", fault="reject", times=1)
    execution = start_order(demo, live_stigmer)
    expect_phase(demo, "Failed")
    other = demo.context.new_page()
    other.goto(f"{live_stigmer.base_url}/executions/{execution}/")
    expect_phase(other, "Failed")
    demo.get_by_role("button", name="Recover").click()
    expect_phase(demo, "Completed")
    expect_phase(other, "Completed")
    expect(other.get_by_text("WORKFLOW_RECOVERED").first).to_be_visible()


def test_a_required_step_offers_no_skip_and_says_why(demo: Page, live_stigmer: LiveStigmer) -> None:
    shop(live_stigmer, operation="charge", fault="reject", times=1)
    start_order(demo, live_stigmer)
    expect_phase(demo, "Failed")
    expect(demo.get_by_role("button", name="Skip step")).to_be_disabled()
    expect(demo.get_by_text("is required").first).to_be_visible()


def test_the_list_shows_a_failure_without_a_reload(
    demo: Page, chromium: Browser, live_stigmer: LiveStigmer
) -> None:
    watching = demo.context.new_page()
    shop(live_stigmer, operation="charge", fault="hang", seconds=600, times=1)
    start_order(demo, live_stigmer)
    watching.goto(f"{live_stigmer.base_url}/executions/")
    first = watching.locator("#executions [data-row]").first
    expect(first).to_contain_text("Order fulfilment")
    shop(live_stigmer, operation="charge", fault=None)
    expect(first).to_contain_text("Completed")
    # The row that was pushed has every column; the list shows the usual ones.
    expect(first.locator(".col-created")).to_be_visible()
    expect(first.locator(".col-id")).to_be_hidden()
