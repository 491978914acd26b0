"""An administrator writes a workflow and an agent in the Django admin: breaks it, reads the problem
by its line, mends it, and runs it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import violations
from tests.browser.people import expect_phase, signed_in
from tests.live import LiveStigmer

pytestmark = [pytest.mark.browser, pytest.mark.processes]
WORKFLOW = """document: {dsl: '1.0.0', namespace: default, name: by-hand, version: '1.0.0'}
do:
- greet: {set: {said: hello}}
- again: {%s: {said: '${ .said + " again" }'}}
"""
AGENT = """kind: Agent
name: by-hand
instructions: Answer in one sentence.
model: demo
%s: [ask_a_person]
"""


@pytest.fixture
def page(chromium: Browser, live_stigmer: LiveStigmer) -> Iterator[Page]:
    opened = signed_in(chromium, live_stigmer, "admin", viewport={"width": 1280, "height": 900})
    yield opened
    opened.context.close()


def write(page: Page, live: LiveStigmer, kind: str, text: str, wrong: str, right: str) -> None:
    """Admin → add: first with the wrong word, then with the right one."""
    page.goto(f"{live.base_url}/admin/")
    page.get_by_role("link", name=f"{kind}s", exact=True).first.click()
    page.get_by_role("link", name=f"Add {kind.lower()}").first.click()
    field = page.get_by_label("Definition")
    field.fill(text % wrong)
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("Nothing was stored")).to_be_visible()
    line = next(n for n, each in enumerate((text % wrong).splitlines(), 1) if wrong in each)
    said = page.locator("code").get_by_text(right, exact=True)
    problem = page.get_by_role("row").filter(has=said).first
    expect(problem.get_by_role("cell").first).to_have_text(str(line))
    # The typed text is still there.
    expect(field).to_have_value(text % wrong)
    assert violations(page) == []
    field.fill(text % right)
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("by-hand: created.")).to_be_visible()


def test_a_workflow_is_written_broken_read_by_line_mended_and_run(
    page: Page, live_stigmer: LiveStigmer
) -> None:
    write(page, live_stigmer, "Workflow", WORKFLOW, "sett", "set")
    page.get_by_role("link", name="Its page in the control room").click()
    page.get_by_role("button", name="Start").click()
    page.wait_for_url("**/executions/wex-*/**")
    expect_phase(page, "Completed")
    output = page.get_by_role("listitem").filter(has_text="hello again")
    expect(output.last).to_be_visible()


def test_an_agent_is_written_broken_read_by_line_mended_and_talked_to(
    page: Page, live_stigmer: LiveStigmer
) -> None:
    write(page, live_stigmer, "Agent", AGENT, "tool", "tools")
    # A change that breaks it leaves the version that is there.
    page.get_by_role("link", name="Change the definition").click()
    page.get_by_label("Definition").fill("kind: Agent\nname: by-hand\ninstructions: no\n")
    page.get_by_role("button", name="Apply").click()
    expect(
        page.get_by_role("row").filter(has_text="too short").get_by_role("cell").first
    ).to_have_text("3")
    page.get_by_role("link", name="by-hand").first.click()
    page.get_by_role("link", name="Its page in the control room").click()
    page.get_by_label("Message").fill("Are you there?")
    page.get_by_label("Message").press("Control+Enter")
    page.wait_for_url("**/conversation*")
    expect(page.locator("#composer-send")).to_have_text("Send")
    expect(page.locator("#talk .model .bubble")).to_contain_text("demonstration")
