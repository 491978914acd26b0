"""Every screen, in both themes, at three widths: nothing that axe would object to, and nothing
beside the screen.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.axe import violations
from tests.browser.people import expect_phase, shop, signed_in, start_order
from tests.live import LiveStigmer

pytestmark = [pytest.mark.browser, pytest.mark.processes]

TABS = (
    "",
    "graph",
    "events",
    "values",
    "checkpoints",
    "checkpoints/0",
    "audit",
    "recover",
    "override",
)
SCREENS = (
    "/",
    "/executions/",
    "/executions/?q=status:nope",
    "/executions/?q=no-such-thing",
    "/attention/",
    "/bulk/",
    "/audit/",
    "/tokens/",
    "/approvals/",
    "/events/",
    "/approvals/answered",
    "/inbox/",
    "/workers/",
    "/workflows/",
    "/workflows/apply",
    *(f"/executions/{{wex}}/{tab}" for tab in TABS),
)


@pytest.fixture(scope="module")
def admin(chromium: Browser, live_stigmer: LiveStigmer) -> Iterator[Page]:
    page = signed_in(chromium, live_stigmer, "admin")
    yield page
    page.context.close()


@pytest.fixture(scope="module")
def failed(admin: Page, live_stigmer: LiveStigmer) -> str:
    shop(live_stigmer, operation="charge", fault="reject", times=1)
    execution = start_order(admin, live_stigmer)
    expect_phase(admin, "Failed")
    return execution


@pytest.mark.parametrize("screen", SCREENS)
def test_no_screen_shuts_anybody_out(
    screen: str, admin: Page, failed: str, live_stigmer: LiveStigmer
) -> None:
    admin.goto(live_stigmer.base_url + screen.format(wex=failed))
    assert violations(admin) == []


def test_the_log_in_and_a_missing_page_shut_nobody_out(
    chromium: Browser, live_stigmer: LiveStigmer
) -> None:
    page = chromium.new_context().new_page()
    for address in ("/log-in", "/no-such-page"):
        page.goto(live_stigmer.base_url + address)
        assert violations(page) == []
    page.context.close()


@pytest.mark.parametrize(("name", "tucked"), [("admin", "Workflows"), ("demo", "API tokens")])
def test_on_a_phone_every_page_is_reached_from_the_bar(
    name: str, tucked: str, chromium: Browser, live_stigmer: LiveStigmer
) -> None:
    phone: ViewportSize = {"width": 360, "height": 740}
    page = signed_in(chromium, live_stigmer, name, viewport=phone, has_touch=True)
    bar = page.get_by_role("navigation", name="Main")
    rest = page.get_by_role("navigation", name="More pages")
    assert bar.get_by_role("link").count() == 4
    expect(rest).to_be_hidden()
    bar.get_by_role("button", name="More").tap()
    expect(rest).to_be_visible()
    assert violations(page) == []
    page.set_viewport_size(phone)
    page.keyboard.press("Escape")
    expect(rest).to_be_hidden()
    bar.get_by_role("button", name="More").tap()
    rest.get_by_role("link", name=tucked).tap()
    expect(page.get_by_role("heading", level=1, name=tucked)).to_be_visible()
    page.context.close()


def test_the_palette_and_the_help_shut_nobody_out(admin: Page, live_stigmer: LiveStigmer) -> None:
    admin.goto(live_stigmer.base_url)
    expect(admin.locator(".side [data-strip]")).to_have_attribute("data-state", "live")
    admin.keyboard.press("Control+k")
    expect(admin.get_by_role("combobox")).to_be_focused()
    assert violations(admin) == []
    admin.keyboard.press("Escape")
    expect(admin.get_by_role("combobox")).to_be_hidden()
    admin.get_by_role("button", name="Keyboard shortcuts").click()
    expect(admin.get_by_role("heading", name="Keyboard shortcuts")).to_be_visible()
    assert violations(admin) == []
