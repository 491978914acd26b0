"""A person's settings in a real browser: kept, and followed by every page, in every browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import violations
from tests.browser.people import signed_in
from tests.live import LiveStigmer

pytestmark = [pytest.mark.browser, pytest.mark.processes]


@pytest.fixture
def support(chromium: Browser, live_stigmer: LiveStigmer) -> Iterator[Page]:
    page = signed_in(chromium, live_stigmer, "support", timezone_id="America/New_York")
    yield page
    page.context.close()


def test_times_are_written_as_the_person_chose_wherever_the_browser_is(
    support: Page, live_stigmer: LiveStigmer
) -> None:
    support.get_by_role("link", name="Settings of support").click()
    support.get_by_label("Time zone").fill("Asia/Kolkata")
    support.get_by_label("Times are written").select_option("dots")
    support.get_by_role("button", name="Save").click()
    expect(support.get_by_label("Time zone")).to_have_value("Asia/Kolkata")
    support.goto(f"{live_stigmer.base_url}/workers/")
    moment = support.locator("time[datetime]").first
    expect(moment).to_have_attribute(
        "title", re.compile(r"^\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d GMT\+5:30$")
    )
    support.goto(f"{live_stigmer.base_url}/settings/")
    support.get_by_label("Time zone").fill("")
    support.get_by_label("Times are written").select_option("slashes")
    with support.expect_navigation():
        support.get_by_role("button", name="Save").click()
    support.goto(f"{live_stigmer.base_url}/workers/")
    expect(moment).to_have_attribute("title", re.compile(r"^\d\d/\d\d/\d{4} .* [AP]M E[SD]T$"))


def test_what_a_button_chose_counts_in_the_next_browser(
    support: Page, chromium: Browser, live_stigmer: LiveStigmer
) -> None:
    html = support.locator("html")
    # The scripts of the page have loaded.
    expect(support.locator(".side [data-strip]")).to_have_attribute("data-state", "live")
    with support.expect_response("**/me/settings"):
        support.get_by_role("button", name="Change between light and dark").last.click()
    chosen = html.get_attribute("data-theme")
    assert chosen in ("light", "dark")
    support.get_by_role("button", name="Keyboard shortcuts").click()
    with support.expect_response("**/me/settings"):
        support.get_by_label("Switch single-key shortcuts off").check()
    other = signed_in(chromium, live_stigmer, "support")
    expect(other.locator("html")).to_have_attribute("data-theme", chosen)
    other.keyboard.press("?")
    expect(other.locator("#keys-sheet")).to_be_hidden()
    other.context.close()


def test_the_page_is_good_to_read(support: Page, live_stigmer: LiveStigmer) -> None:
    support.goto(f"{live_stigmer.base_url}/settings/")
    assert violations(support) == []
