"""A schedule is made on its page, fires before the person's eyes, is paused and triggered."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import violations
from tests.browser.people import signed_in
from tests.live import LiveStigmer
from tests.waiting import START_SECONDS

pytestmark = [pytest.mark.browser, pytest.mark.processes]
SLOW = START_SECONDS * 1000
TEXT = """document: {dsl: '1.0.0', namespace: browser, name: %s, version: '1.0.0'}
do: [{greet: {set: {message: hello}}}]
"""


@pytest.fixture
def demo(chromium: Browser, live_stigmer: LiveStigmer) -> Iterator[Page]:
    page = signed_in(chromium, live_stigmer, "demo")
    yield page
    page.context.close()


def workflow_made(page: Page, live: LiveStigmer) -> str:
    """A workflow that ends at once; its name."""
    name = f"ticks-{uuid.uuid4().hex[:8]}"
    page.goto(f"{live.base_url}/workflows/apply")
    token = page.locator("input[name=csrfmiddlewaretoken]").first.input_value()
    form: dict[str, str | float | bool] = {"csrfmiddlewaretoken": token, "text": TEXT % name}
    answer = page.request.post(f"{live.base_url}/workflows/apply", form=form)
    assert answer.ok and "/workflows/wfl-" in answer.url, answer.text()[:2000]
    return name


def test_a_schedule_is_made_fires_is_paused_and_triggered(
    demo: Page, live_stigmer: LiveStigmer
) -> None:
    name = workflow_made(demo, live_stigmer)
    demo.goto(f"{live_stigmer.base_url}/schedules/")
    expect(demo.locator(".side [data-strip]")).to_have_attribute("data-state", "live", timeout=SLOW)
    assert violations(demo) == []
    demo.get_by_role("link", name="New schedule").click()
    demo.get_by_label("Name", exact=True).fill(name)
    demo.get_by_label("What it starts").select_option(label=name)
    demo.get_by_label("Every").fill("soon")
    demo.get_by_role("button", name="Make schedule").click()
    expect(demo.get_by_text("not a duration")).to_be_visible()
    assert violations(demo) == []
    demo.get_by_label("Every").fill("10s")
    demo.get_by_role("button", name="Make schedule").click()
    expect(demo.get_by_role("heading", name=name)).to_be_visible()
    times = demo.locator("#schedule-times")
    expect(times.get_by_text("Completed").first).to_be_visible(timeout=SLOW)
    assert violations(demo) == []
    demo.get_by_role("button", name="Pause").click()
    expect(demo.get_by_text("A person turned it off")).to_be_visible()
    demo.get_by_role("button", name="Trigger now").click()
    demo.wait_for_url(re.compile("/executions/wex-"))
    expect(demo.get_by_text("triggered from")).to_be_visible()
    demo.locator("#headline").get_by_role("link", name=name).last.click()
    expect(times.get_by_text("triggered by demo")).to_be_visible()
    demo.get_by_role("button", name="Resume").click()
    expect(demo.get_by_role("button", name="Pause")).to_be_visible()
    demo.get_by_role("button", name="Delete the schedule").click()
    expect(demo.get_by_role("heading", name="Schedules", exact=True)).to_be_visible()
    expect(demo.get_by_role("link", name=name)).to_have_count(0)
