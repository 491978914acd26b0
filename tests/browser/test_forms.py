"""Buttons in a real browser: a double click is one, and no page is ever put into a page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.people import expect_phase, shop, signed_in, start_order
from tests.live import LiveStigmer

pytestmark = [pytest.mark.browser, pytest.mark.processes]


@pytest.fixture
def failed(chromium: Browser, live_stigmer: LiveStigmer) -> Iterator[Page]:
    """The page of an order that failed."""
    shop(live_stigmer, reset=True)
    page = signed_in(chromium, live_stigmer, "demo")
    shop(live_stigmer, operation="charge", fault="reject", times=1)
    start_order(page, live_stigmer)
    expect_phase(page, "Failed")
    yield page
    page.context.close()


def posts_of(page: Page) -> list[str]:
    """Filled with the addresses to which the page sends forms from now on."""
    sent: list[str] = []
    page.on(
        "request", lambda request: sent.append(request.url) if request.method == "POST" else None
    )
    return sent


def clear_cookie(page: Page, kind: str) -> None:
    """Take away the session or the token of forms."""
    for cookie in page.context.cookies():
        if str(cookie.get("name")).endswith(kind):
            page.context.clear_cookies(name=cookie["name"])


def test_a_double_click_on_retry_is_one_effect_and_its_own_success(failed: Page) -> None:
    sent = posts_of(failed)
    failed.get_by_role("button", name="Retry step").dblclick()
    expect(failed.get_by_text("The step is being tried again")).to_be_visible()
    expect_phase(failed, "Completed")
    assert [address.rpartition("/")[2] for address in sent] == ["retry"]
    expect(failed.get_by_text("out of date")).to_have_count(0)
    expect(failed.get_by_text("Retry asked for")).to_have_count(1)


def test_the_second_click_does_not_fall_on_the_button_that_came_there(failed: Page) -> None:
    sent = posts_of(failed)
    button = failed.get_by_role("button", name="Retry step")
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    assert box is not None
    failed.mouse.move(box["x"] + 10, box["y"] + 10)
    failed.mouse.down(click_count=1)
    failed.mouse.up(click_count=1)
    expect(failed.get_by_text("The step is being tried again")).to_be_visible()
    failed.mouse.down(click_count=2)
    failed.mouse.up(click_count=2)
    expect_phase(failed, "Completed")
    assert [address.rpartition("/")[2] for address in sent] == ["retry"]


def test_a_session_that_ended_leads_to_the_log_in_and_puts_none_into_the_page(failed: Page) -> None:
    clear_cookie(failed, "session")
    swapped: list[str] = []
    failed.expose_function("tell", lambda text: swapped.append(text))
    failed.evaluate(
        "document.body.addEventListener('htmx:before:swap', (e) => tell(e.detail.ctx.text))"
    )
    failed.get_by_role("button", name="Retry step").click()
    failed.wait_for_url("**/log-in**")
    expect(failed.get_by_role("heading", name="Log in")).to_have_count(1)
    assert not [text for text in swapped if "<html" in text]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (403, "Nothing was done"),
        (404, "This was not understood"),
        (500, "The server could not do this"),
        (502, "The server could not do this"),
        (200, "This was not understood"),
    ],
)
def test_a_page_that_answers_a_button_is_explained_and_not_put_into_the_page(
    failed: Page, status: int, words: str
) -> None:
    def answer(route: Route) -> None:
        body = "<!doctype html><html><body><h1>Not for this place</h1></body></html>"
        route.fulfill(status=status, content_type="text/html", body=body)

    failed.route("**/do/retry", answer)
    failed.get_by_role("button", name="Retry step").click()
    expect(failed.locator("#toasts").get_by_text(words)).to_be_visible()
    expect(failed.get_by_text("Not for this place")).to_have_count(0)
    expect(failed.get_by_role("button", name="Retry step")).to_be_enabled()


def test_a_real_403_of_the_server_is_not_put_into_the_page(failed: Page) -> None:
    clear_cookie(failed, "csrf")
    failed.get_by_role("button", name="Retry step").click()
    expect(failed.locator("#toasts").get_by_text("Nothing was done")).to_be_visible()
    expect(failed.get_by_text("This form has expired")).to_have_count(0)


def test_a_page_whose_readers_role_changed_says_that_they_are_signed_out(
    chromium: Browser, live_stigmer: LiveStigmer
) -> None:
    admin = signed_in(chromium, live_stigmer, "admin")
    execution = start_order(admin, live_stigmer)
    support = signed_in(chromium, live_stigmer, "support")
    support.goto(f"{live_stigmer.base_url}/executions/{execution}/")
    expect(support.locator(".side [data-strip]")).to_have_attribute("data-state", "live")
    admin.goto(f"{live_stigmer.base_url}/admin/auth/user/?q=support")
    admin.locator("#result_list tbody th a").first.click()
    admin.locator("#id_groups").select_option([])
    admin.get_by_role("button", name="Save", exact=True).click()
    try:
        strip = support.locator(".side [data-strip]")
        expect(strip).to_have_attribute("data-state", "signed-out")
        support.reload()
        expect(support.get_by_role("heading", name="Log in")).to_be_visible()
    finally:
        admin.locator("#result_list tbody th a").first.click()
        admin.locator("#id_groups").select_option(label="Support")
        admin.get_by_role("button", name="Save", exact=True).click()
        expect(admin.get_by_text("was changed successfully")).to_be_visible()
    for page in (admin, support):
        page.context.close()
