"""What a person does in the browser, in the words of the page."""

from __future__ import annotations

import json
import urllib.request
from typing import Any, Protocol

from playwright.sync_api import Browser, Page, expect

from tests.live import LiveStigmer
from tests.waiting import PAGE_SECONDS, PATIENCE_SECONDS


def signed_in(
    browser: Browser, live: LiveStigmer, name: str, *, password: str = "", **context: Any
) -> Page:
    """A page of this person's own, at the overview; ``password`` where it is none of the demo's."""
    page = browser.new_context(**context).new_page()
    page.set_default_timeout(PAGE_SECONDS * 1000)
    page.goto(f"{live.base_url}/log-in")
    page.get_by_label("User name").or_(page.get_by_label("Username")).fill(name)
    page.get_by_label("Password", exact=True).fill(password or live.logins[name])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    return page


class HasDemo(Protocol):
    """Whatever runs beside a demo shop."""

    @property
    def demo_url(self) -> str: ...


def shop(live: HasDemo, **control: Any) -> None:
    """Make the demo shop fail, or ``reset=True``."""
    request = urllib.request.Request(
        f"{live.demo_url}/control",
        json.dumps(control).encode(),
        {"Content-Type": "application/json", "Origin": live.demo_url},
    )
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
        assert answer.status == 200


def ledger(live: HasDemo) -> list[dict[str, Any]]:
    """Every effect that really happened at the shop."""
    with urllib.request.urlopen(f"{live.demo_url}/ledger", timeout=PATIENCE_SECONDS) as answer:
        found = json.load(answer)
    entries: list[dict[str, Any]] = found["entries"] if isinstance(found, dict) else found
    return entries


def start_order(page: Page, live: LiveStigmer) -> str:
    """Start the order example through its form; the execution's id."""
    page.goto(f"{live.base_url}/workflows/")
    page.get_by_role("link", name="Order fulfilment").first.click()
    page.get_by_role("button", name="Start").click()
    page.wait_for_url("**/executions/wex-*/**")
    return page.url.split("/executions/")[1].split("/")[0]


def expect_phase(page: Page, phase: str) -> None:
    """The page says so by itself, without a reload."""
    expect(page.locator("[data-phase]").or_(page.locator("main .status")).first).to_contain_text(
        phase
    )
