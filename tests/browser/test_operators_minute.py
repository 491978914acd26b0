"""The operator's minute: from the moment a person sees a failure until the run goes on, by clicks.

Each walk counts the clicks of a person who is logged in, and prints them with the seconds that it
took. Typing is no click. Restoring and going onto another version hold for a session whose log-in is
recent enough for what is costly.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.people import expect_phase, shop, signed_in, start_order
from tests.live import LiveStigmer
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.processes]
ORDER = {"sku": "cup", "quantity": 1, "address": "1 Harbour Street"}


@dataclass
class Walk:
    """What a person does on a page, each click counted."""

    page: Page
    clicks: int = 0
    began: float = field(default_factory=time.monotonic)

    def click(self, what: Locator) -> None:
        what.click()
        self.clicks += 1


@contextmanager
def walk(page: Page, name: str, clicks: int) -> Iterator[Walk]:
    """A walk that has to come to its end with so many clicks."""
    walked = Walk(page)
    yield walked
    seconds = time.monotonic() - walked.began
    print(f"{name}: {walked.clicks} clicks, {seconds:.1f} s")
    assert walked.clicks == clicks


@pytest.fixture
def people(chromium: Browser, live_stigmer: LiveStigmer) -> Iterator[dict[str, Page]]:
    shop(live_stigmer, reset=True)
    found = {name: signed_in(chromium, live_stigmer, name) for name in ("demo", "support", "admin")}
    yield found
    shop(live_stigmer, reset=True)
    for page in found.values():
        page.context.close()


def ordered(page: Page, live: LiveStigmer, many: int = 1) -> list[str]:
    """Start so many orders without looking at them."""
    headers = json.loads(page.locator("body").get_attribute("hx-headers:inherited") or "{}")
    started = []
    for _ in range(many):
        answer = page.request.post(
            f"{live.base_url}/api/v1/workflow-executions",
            data={"workflow_id": "order-fulfilment", "input": ORDER},
            headers={**headers, "Origin": live.base_url},
        )
        assert answer.status == 202, answer.text()
        started.append(answer.json()["id"])
    return started


def failed(page: Page, live: LiveStigmer, many: int = 1, operation: str = "charge") -> list[str]:
    """Orders that failed for one cause, which is gone by now."""
    shop(live, operation=operation, fault="reject", times=many)
    started = ordered(page, live, many)
    for execution in started:
        address = f"{live.base_url}/api/v1/workflow-executions/{execution}"
        until(
            lambda address=address: page.request.get(address).json()["status"]["phase"] == "FAILED",  # type: ignore[misc]
            what=f"{execution} has failed",
        )
    return started


def test_an_owner_goes_from_the_notice_to_running(
    people: dict[str, Page], live_stigmer: LiveStigmer
) -> None:
    page = people["demo"]
    shop(live_stigmer, operation="charge", fault="reject", times=1)
    expect(page.locator(".side [data-strip]")).to_have_attribute("data-state", "live")
    (execution,) = ordered(page, live_stigmer)
    button = page.get_by_role("region", name="Notifications").get_by_role("button", name="Retry")
    expect(button).to_be_visible()
    with walk(page, "owner, from the notice", 1) as walked:
        walked.click(button)
        page.wait_for_url(f"**/executions/{execution}/")
        expect_phase(page, "Completed")


def test_support_recovers_from_what_needs_attention(
    people: dict[str, Page], live_stigmer: LiveStigmer
) -> None:
    page = people["support"]
    (execution,) = failed(people["demo"], live_stigmer, operation="ship")
    with walk(page, "support, from attention", 2) as walked:
        walked.click(page.locator(".side").get_by_role("link", name="Attention"))
        row = page.locator(".cause-row", has_text=execution)
        row.get_by_label("Reason").fill("the shop takes orders again")
        walked.click(row.get_by_role("button", name="Recover"))
        page.wait_for_url(f"**/executions/{execution}/")
        expect_phase(page, "Completed")


def test_thirty_runs_of_one_cause_are_one_button(
    people: dict[str, Page], live_stigmer: LiveStigmer
) -> None:
    page = people["admin"]
    # No other test of this server lets reservations fail, so that these are all of their cause.
    started = failed(people["demo"], live_stigmer, 30, operation="reserve")
    with walk(page, "30 runs of one cause", 2) as walked:
        walked.click(page.locator(".side").get_by_role("link", name="Attention"))
        walked.click(page.get_by_role("button", name="Retry all 30"))
        expect(page.get_by_role("heading", level=1)).to_contain_text("30 of 30 done")
        expect(page.locator("#bulk-region [role=status]")).to_contain_text("Completed")
    page.goto(f"{live_stigmer.base_url}/executions/{started[-1]}/")
    expect_phase(page, "Completed")


def test_an_input_is_edited_and_retried(people: dict[str, Page], live_stigmer: LiveStigmer) -> None:
    page = people["demo"]
    (execution,) = failed(page, live_stigmer)
    page.goto(f"{live_stigmer.base_url}/executions/{execution}/")
    with walk(page, "edit and retry", 2) as walked:
        walked.click(page.get_by_role("button", name="Edit and retry…"))
        box = page.get_by_label("What the step is called with (JSON)")
        box.fill(box.input_value())
        walked.click(page.get_by_role("button", name="Retry with this input"))
        expect_phase(page, "Completed")


def test_a_restore_shows_what_it_does_first(
    people: dict[str, Page], live_stigmer: LiveStigmer
) -> None:
    page = people["support"]
    (execution,) = failed(people["demo"], live_stigmer)
    page.goto(f"{live_stigmer.base_url}/executions/{execution}/")
    with walk(page, "restore with its preview", 3) as walked:
        walked.click(page.get_by_role("link", name="Checkpoints", exact=True))
        walked.click(page.get_by_role("link", name="Restore… to the beginning"))
        page.locator("#restore-reason").fill("the shelf was counted anew")
        walked.click(page.get_by_role("button", name="Restore", exact=True))
        expect_phase(page, "Completed")


def test_a_definition_is_mended_and_the_run_goes_on_with_it(
    people: dict[str, Page], live_stigmer: LiveStigmer
) -> None:
    page = people["admin"]
    head = (
        "document: {dsl: '1.0.0', namespace: tests, name: mended-in-a-minute, version: '1.0.0'}\n"
        "do:\n- read: {set: {n: 1}}\n"
    )
    bad = "- total: {raise: {error: {type: 'https://example.org/x', status: 400, title: Bad}}}\n"
    page.goto(f"{live_stigmer.base_url}/workflows/apply")
    page.get_by_label("Definition").fill(head + bad)
    page.get_by_role("button", name="Apply").click()
    page.get_by_role("button", name="Start").click()
    expect_phase(page, "Failed")
    with walk(page, "onto a mended version", 4) as walked:
        walked.click(page.get_by_role("link", name="Go on with another version"))
        walked.click(page.get_by_role("link", name="Change the definition"))
        page.get_by_label("Definition").fill(head + "- other: {set: {n: 2}}\n")
        walked.click(page.get_by_role("button", name="Apply"))
        walked.click(page.get_by_role("button", name="Go on with version 2"))
        expect_phase(page, "Completed")


def test_rows_are_chosen_with_shift_and_all_of_a_page_with_the_box_above(
    people: dict[str, Page], live_stigmer: LiveStigmer
) -> None:
    page = people["demo"]
    failed(page, live_stigmer, 4)
    page.goto(f"{live_stigmer.base_url}/executions/?q=status:failed after:1h")
    boxes = page.locator(".execution-row .pick")
    boxes.nth(0).click()
    boxes.nth(3).click(modifiers=["Shift"])
    expect(page.locator(".execution-row .pick:checked")).to_have_count(4)
    boxes.nth(1).click()
    page.get_by_label("Choose all rows of this page").click()
    expect(page.locator(".execution-row .pick:not(:checked)")).to_have_count(0)
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".execution-row .pick:checked")).to_have_count(0)


def test_orders_start_as_ever(people: dict[str, Page], live_stigmer: LiveStigmer) -> None:
    execution = start_order(people["demo"], live_stigmer)
    expect_phase(people["demo"], "Completed")
    with walk(people["demo"], "once more", 1) as walked:
        walked.click(people["demo"].get_by_role("button", name="Run again"))
        people["demo"].wait_for_url(lambda url: execution not in url)
        expect_phase(people["demo"], "Completed")
