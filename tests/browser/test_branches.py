"""A run with branches in a real browser: side by side, and of two that failed both are named."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import violations
from tests.browser.people import expect_phase, shop, signed_in
from tests.live import LiveStigmer

pytestmark = [pytest.mark.browser, pytest.mark.processes]

FORKED = """document: {{dsl: '1.0.0', namespace: tests, name: side-by-side, version: '1.0.0'}}
do:
- prepare: {{set: {{order: 7}}}}
- together:
    fork:
      branches:
      - stock:
          do:
          - count: {{call: http, with: {{method: get, endpoint: '{shop}/stock/tea'}}}}
          - keep: {{set: {{left: '${{ .available }}'}}}}
      - health: {{call: http, with: {{method: get, endpoint: '{shop}/health'}}}}
      - later:
          do:
          - pause: {{wait: {{milliseconds: 300}}}}
          - done: {{set: {{waited: true}}}}
- last: {{set: {{all: '${{ length }}'}}}}
"""


@pytest.fixture
def admin(chromium: Browser, live_stigmer: LiveStigmer) -> Iterator[Page]:
    page = signed_in(chromium, live_stigmer, "admin")
    yield page
    page.context.close()


def test_branches_stand_side_by_side_and_those_that_failed_are_named_and_retried(
    admin: Page, live_stigmer: LiveStigmer
) -> None:
    for operation in ("stock", "health"):
        shop(live_stigmer, operation=operation, fault="reject", times=1)
    admin.goto(f"{live_stigmer.base_url}/workflows/apply")
    admin.get_by_label("Definition").fill(FORKED.format(shop=live_stigmer.demo_url))
    admin.get_by_role("button", name="Apply").click()
    expect(admin.get_by_role("heading", name="side-by-side", level=1)).to_be_visible()
    admin.get_by_role("button", name="Start").click()
    admin.wait_for_url("**/executions/wex-*/**")
    expect_phase(admin, "Failed")
    sentence = admin.locator("#standing .sentence")
    expect(sentence).to_contain_text("Failed at steps")
    for name in ("count", "health"):
        expect(sentence).to_contain_text(name)
    branches = admin.locator("#steps .group.branch")
    expect(branches).to_have_count(3)
    assert violations(admin) == []
    admin.keyboard.press("2")
    expect(admin.locator(".node.here")).to_have_count(2)
    admin.keyboard.press("1")
    admin.get_by_role("button", name="Retry step").click()
    expect_phase(admin, "Completed")
    expect(branches).to_have_count(3)
