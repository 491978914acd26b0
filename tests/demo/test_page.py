"""The shop's page in a real browser: a person makes it fail and sees what happened."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from executions.demo.server import ShopServer

pytestmark = pytest.mark.browser


@pytest.fixture
def page(shop: ShopServer, chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 320, "height": 800}, color_scheme="dark")
    page = context.new_page()
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(message.text))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(shop.address)
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    yield page
    context.close()
    assert troubles == []


def test_a_person_makes_a_call_fail_and_sees_it_repaired(page: Page, client: httpx.Client) -> None:
    charge = page.get_by_role("listitem").filter(has_text="POST /payments")
    page.get_by_label("for").fill("1")
    charge.get_by_role("button", name="503").click()
    expect(charge).to_contain_text("answers 503: the next call")
    expect(charge.get_by_role("button", name="503")).to_have_attribute("aria-pressed", "true")
    order, key = {"orderId": "o-1", "amount": 5}, {"Idempotency-Key": "key-1"}
    assert [client.post("/payments", json=order, headers=key).status_code for _ in range(3)] == [
        503,
        201,
        200,
    ]
    expect(page.get_by_role("row").nth(1)).to_contain_text(
        "same key again: pay-00001, nothing done twice"
    )
    expect(page.get_by_role("row").nth(3)).to_contain_text("closed on request, nothing done")
    expect(charge).to_contain_text("works")
    page.get_by_role("button", name="Start anew").click()
    expect(page.get_by_text(re.compile("No call yet"))).to_be_visible()


def test_the_page_fits_a_narrow_screen(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") == 320
