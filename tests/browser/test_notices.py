"""Channels of notices in a real browser: made, tried, ruled, muted; good to read everywhere."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.axe import violations
from tests.browser.people import signed_in
from tests.live import LiveStigmer

pytestmark = [pytest.mark.browser, pytest.mark.processes]


def test_a_channel_is_made_and_a_test_says_what_the_other_side_answered(
    chromium: Browser, live_stigmer: LiveStigmer
) -> None:
    page = signed_in(chromium, live_stigmer, "demo")
    page.goto(f"{live_stigmer.base_url}/settings/notices/")
    assert violations(page) == []
    name = f"chat-{time.time_ns()}"
    page.get_by_label("How").select_option("webhook")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Address").fill("http://127.0.0.1:9/services/T0000/B0000/" + "x" * 60)
    page.get_by_role("button", name="Make channel").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    page.get_by_role("button", name="Send a test").click()
    # Nobody listens there, and the server's own network is not allowed: it is said by itself.
    expect(page.locator("#channel-messages").get_by_text("127.0.0.1").first).to_be_visible()
    assert violations(page) == []
    page.get_by_label("Step failed after multiple attempts").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Step failed after multiple attempts")).to_be_checked()
    page.get_by_role("button", name="Delete the channel").click()
    expect(page.get_by_role("link", name=name)).to_have_count(0)
    page.context.close()
