"""A run's page in a real browser: loops that fold, values that fold, a state in the window's tab."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import violations
from tests.browser.people import expect_phase, signed_in
from tests.live import LiveStigmer

pytestmark = [pytest.mark.browser, pytest.mark.processes]

LOOP = """document: {dsl: '1.0.0', namespace: tests, name: rows, version: '1.0.0'}
do:
- importRows:
    for: {each: item, in: '${ [range(40)] }'}
    do:
    - check:
        try:
        - look:
            if: '${ $item == 7 }'
            raise: {error: {type: 'https://x.example/bad', status: 409, title: Bad row}}
        catch: {do: [{note: {set: {noted: true}}}]}
    - keep: {set: {kept: '${ $item }'}}
- trace: {set: {error: "Traceback:\\n  line 7\\nValueError: no number", hidden: "a\\u202eb"}}
- long: {set: {text: '${ [range(20000)] | map("row \\(.)") | join(", ") }', rows: '${ [range(2000)] }'}}
- last: {raise: {error: {type: 'https://x.example/end', status: 500, title: At the end}}}
"""


@pytest.fixture
def admin(chromium: Browser, live_stigmer: LiveStigmer) -> Iterator[Page]:
    page = signed_in(chromium, live_stigmer, "admin", accept_downloads=True)
    yield page
    page.context.close()


def begin(page: Page, live: LiveStigmer) -> None:
    page.goto(f"{live.base_url}/workflows/apply")
    page.get_by_label("Definition").fill(LOOP)
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("heading", name="rows", level=1)).to_be_visible()
    page.get_by_role("button", name="Start").click()
    page.wait_for_url("**/executions/wex-*/**")


def test_a_run_can_be_read_step_by_step_and_value_by_value(
    admin: Page, live_stigmer: LiveStigmer
) -> None:
    begin(admin, live_stigmer)
    expect_phase(admin, "Failed")
    expect(admin).to_have_title("Failed · rows · Stigmer")
    expect(admin.locator("link[rel=icon]")).to_have_attribute(
        "href", re.compile(r"^/static/v-[0-9a-f]{16}/img/mark-bad\.svg$")
    )

    # A loop is one line; its rounds and what they did are read when they are opened.
    loop = admin.locator(".group.loop")
    expect(loop).to_contain_text("×40 rounds")
    expect(loop).to_contain_text("1 failed")
    loop.locator("summary").first.click()
    expect(loop.locator(".group.round")).to_have_count(40)
    loop.get_by_role("link", name="Only the 1 with a failed step").click()
    expect(loop.locator(".group.round")).to_have_count(1)
    loop.locator(".group.round summary").first.click()
    keep = loop.locator(".step", has_text="keep")
    keep.locator("summary").first.click()
    expect(keep.locator(".v-tree").last).to_contain_text("kept: 7")
    assert violations(admin) == []

    # Lines stay lines, and what turns the direction of writing is written out.
    trace = admin.locator("#steps > .step", has_text="trace")
    trace.locator("summary").first.click()
    block = trace.locator(".v-block").last
    expect(block).to_be_visible()
    assert block.inner_text().splitlines()[1] == "  line 7"
    expect(trace.locator(".v-tree").last).to_contain_text("a\\u202eb")

    # A long value is read whole when asked for, searched and saved.
    long = admin.locator("#steps > .step", has_text="long")
    long.locator("summary").first.click()
    output = long.locator(".payload", has_text="Output")
    output.get_by_role("button", name="Find: Output").click()
    output.get_by_role("searchbox").fill("row 19999")
    expect(output.locator(".v-hit")).to_contain_text("row 19999")
    output.get_by_role("searchbox").fill("1999")
    expect(output.get_by_role("status")).to_contain_text("of")
    with admin.expect_download() as caught:
        output.get_by_role("button", name="Download: Output").click()
    assert len(json.loads(caught.value.path().read_text())["rows"]) == 2000

    # The bar of the tabs stays where it is on the screen.
    admin.set_viewport_size({"width": 1280, "height": 500})
    tabs = admin.locator("nav.tabs")
    admin.evaluate("scrollTo(0, 250)")
    before = tabs.bounding_box()
    tabs.get_by_role("link", name="Checkpoints").click()
    expect(admin.get_by_role("heading", name="Checkpoints")).to_be_visible()
    after = tabs.bounding_box()
    assert before is not None and after is not None and abs(before["y"] - after["y"]) < 3


def test_a_step_is_found_among_many(admin: Page, live_stigmer: LiveStigmer) -> None:
    begin(admin, live_stigmer)
    expect_phase(admin, "Failed")
    admin.get_by_role("searchbox", name="Find a step").fill("@7 keep")
    admin.keyboard.press("Enter")
    expect(admin.locator("#steps-found .step")).to_have_count(1)
    admin.get_by_role("link", name="All steps").click()
    admin.get_by_role("link", name="To the one that failed").click()
    expect(admin.locator(".step", has_text="last").locator(".inside")).to_be_visible()
