"""A run that waits for another one, in a real browser: the other one fails, and one click on the
page of the first makes both go on.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import violations
from tests.browser.people import expect_phase, shop, signed_in
from tests.live import LiveStigmer

pytestmark = [pytest.mark.browser, pytest.mark.processes]

CHILD = """document: {{dsl: '1.0.0', namespace: tests, name: counts-stock, version: '1.0.0'}}
do:
- before: {{set: {{n: 1}}}}
- count: {{call: http, with: {{method: get, endpoint: '{shop}/stock/tea'}}}}
"""
PARENT = """document: {dsl: '1.0.0', namespace: tests, name: asks-another, version: '1.0.0'}
do:
- other: {run: {workflow: {namespace: tests, name: counts-stock, input: {}}}}
- last: {set: {left: '${ .available }'}}
"""


@pytest.fixture
def admin(chromium: Browser, live_stigmer: LiveStigmer) -> Iterator[Page]:
    page = signed_in(chromium, live_stigmer, "admin")
    yield page
    page.context.close()


def apply(page: Page, live: LiveStigmer, text: str, name: str) -> None:
    page.goto(f"{live.base_url}/workflows/apply")
    page.get_by_label("Definition").fill(text)
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


def failed_parent(page: Page, live: LiveStigmer) -> None:
    """On its page: its child failed as the shop refused once."""
    shop(live, operation="stock", fault="reject", times=1)
    apply(page, live, CHILD.format(shop=live.demo_url), "counts-stock")
    apply(page, live, PARENT, "asks-another")
    page.get_by_role("button", name="Start").click()
    page.wait_for_url("**/executions/wex-*/**")
    expect_phase(page, "Failed")


def test_a_failed_child_is_recovered_from_the_page_of_its_parent(
    admin: Page, live_stigmer: LiveStigmer
) -> None:
    failed_parent(admin, live_stigmer)
    child = admin.locator("main a[href*='/executions/wex-']", has_text="counts-stock").first
    expect(child).to_be_visible()
    address = child.get_attribute("href")
    assert address is not None
    assert violations(admin) == []
    parent = admin.url.split("/executions/")[1].split("/")[0]
    admin.get_by_role("button", name="Retry step").click()
    expect_phase(admin, "Completed")
    admin.goto(f"{live_stigmer.base_url}{address}")
    expect_phase(admin, "Completed")
    # The same run went on: what it did before was not done again.
    expect(admin.locator(f"main a[href*='{parent}']").first).to_be_visible()
