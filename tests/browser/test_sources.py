"""Sources of webhooks and the page of events in a real browser: what comes stands there by itself,
and what is refused says why.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import violations
from tests.browser.people import signed_in
from tests.live import LiveStigmer

pytestmark = [pytest.mark.browser, pytest.mark.processes]


@pytest.fixture
def demo(chromium: Browser, live_stigmer: LiveStigmer) -> Iterator[Page]:
    page = signed_in(chromium, live_stigmer, "demo")
    yield page
    page.context.close()


def send(live: LiveStigmer, path: str, secret: str, body: bytes) -> int:
    at = str(int(time.time()))
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-Stigmer-Timestamp": at,
        "X-Stigmer-Signature": f"sha256={signed}",
    }
    request = urllib.request.Request(live.base_url + path, body, headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def source_made(page: Page, live: LiveStigmer) -> tuple[str, str]:
    """The address to which it sends, and its secret; the page shows it this once."""
    page.goto(f"{live.base_url}/events/sources/")
    page.get_by_label("Who sends").fill(f"Carrier {time.time_ns()}")
    page.get_by_label("Type of an event").fill("com.carrier.picked")
    page.get_by_role("button", name="Make source").click()
    text = page.locator("div[role=status]", has_text="whs_").inner_text()
    secret, path = re.search(r"whs_[\w-]+", text), re.search(r"/hooks/src-\w+", text)
    assert secret is not None and path is not None
    return path[0], secret[0]


def test_an_event_stands_on_the_open_page_and_a_refusal_says_why(
    demo: Page, live_stigmer: LiveStigmer
) -> None:
    path, secret = source_made(demo, live_stigmer)
    assert violations(demo) == []
    demo.goto(f"{live_stigmer.base_url}/events/")
    expect(demo.locator("#events-region")).to_have_attribute("data-topic", re.compile("events:"))
    assert send(live_stigmer, path, secret, f'{{"n": {time.time_ns()}}}'.encode()) == 202
    row = demo.locator("#events-region [data-row]", has_text="com.carrier.picked").first
    expect(row).to_be_visible(timeout=120_000)
    expect(row).to_contain_text("not taken", timeout=120_000)
    assert violations(demo) == []
    assert send(live_stigmer, path, "whs_wrong", b"{}") == 401
    demo.goto(f"{live_stigmer.base_url}/events/sources/{path.split('/')[-1]}/")
    expect(demo.get_by_text("X-Stigmer-Signature is not that of this body")).to_be_visible()
    assert violations(demo) == []
