"""A person who starts Stigmer for the first time gets in."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.live import LiveStigmer


@pytest.mark.browser
@pytest.mark.processes
def test_a_newcomer_logs_in_with_what_was_printed(live_stigmer: LiveStigmer, page: Page) -> None:
    page.goto(live_stigmer.base_url)
    page.get_by_label("Username").fill("demo")
    page.get_by_label("Password", exact=True).fill(live_stigmer.logins["demo"])
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url(f"{live_stigmer.base_url}/")
    assert page.context.cookies()
