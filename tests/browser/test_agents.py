"""A conversation with an agent in a real browser, from the first word to the branches of it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import violations
from tests.browser.people import signed_in
from tests.live import LiveStigmer
from tests.waiting import PAGE_SECONDS, until

pytestmark = [pytest.mark.browser, pytest.mark.processes]
SLOWLY = "word " * 90
# What is asked and streamed here, beside what the demonstration brings.
SCRIPTS = {
    "tell": {
        "when": "tell me slowly",
        "answers": [{"say": f"Once **upon** {SLOWLY}the end.", "rate": 12}],
    },
}


@pytest.fixture
def page(chromium: Browser, live_stigmer: LiveStigmer) -> Iterator[Page]:
    folder = live_stigmer.home / "demo" / "scripts"
    folder.mkdir(parents=True, exist_ok=True)
    for name, script in SCRIPTS.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(script))
    opened = signed_in(chromium, live_stigmer, "demo", viewport={"width": 1280, "height": 900})
    yield opened
    opened.context.close()
    for name in SCRIPTS:
        Path(folder / f"{name}.yaml").unlink()


def talk(page: Page, live: LiveStigmer, message: str) -> None:
    """Agents → Shop assistant → say something."""
    page.goto(f"{live.base_url}/agents/")
    page.get_by_role("link", name="shop-assistant").first.click()
    page.get_by_label("Message").fill(message)
    page.get_by_label("Message").press("Control+Enter")
    page.wait_for_url("**/conversation*")


def watched(page: Page, many: int) -> list[str]:
    """Different texts that one answer had while it came."""
    seen: list[str] = []

    def look() -> bool:
        shown = page.locator("[data-stream-text]")
        text = shown.first.text_content() if shown.count() else ""
        if text and (not seen or seen[-1] != text):
            seen.append(text)
        return len(seen) >= many

    until(look, what=f"an answer was seen at {many} moments", seconds=PAGE_SECONDS)
    return seen


def ends(page: Page) -> None:
    # While a run works, what is sent is queued.
    expect(page.locator("#composer-send")).to_have_text("Send")


def bubbles(page: Page) -> list[str]:
    return page.locator("#talk .user .bubble").all_inner_texts()


def test_a_conversation_streams_asks_survives_its_worker_and_branches(
    page: Page, live_stigmer: LiveStigmer
) -> None:
    talk(page, live_stigmer, "Order 2 cups")
    # It calls tools, and asks in its place.
    asked = page.locator(".asked")
    expect(asked).to_be_visible()
    expect(page.locator(".called")).to_have_count(3)
    assert violations(page) == []
    page.set_viewport_size({"width": 1280, "height": 900})
    asked.get_by_label("Amount").fill("20")
    asked.get_by_role("button", name="Approve", exact=True).click()
    ends(page)
    expect(page.locator(".called .tag", has_text="changed by demo")).to_be_visible()

    # The next turn streams; its worker is killed in the middle of it.
    page.locator("#reply").fill("Now tell me slowly")
    page.locator("#reply").press("Control+Enter")
    expect(page.locator("#talk .user")).to_have_count(2)
    seen = watched(page, 4)
    assert all(later.startswith(earlier) for earlier, later in pairwise(seen))
    (worker,) = live_stigmer.children("worker")
    worker.kill()
    ends(page)
    said = page.locator("#talk .model .bubble").last
    expect(said).to_contain_text("the end.")
    assert said.inner_text().count("Once") == 1
    assert said.locator("strong").inner_text() == "upon"
    assert violations(page) == []
    page.set_viewport_size({"width": 1280, "height": 900})

    # The message is edited: a branch. One switches back, and forth again.
    first = page.url
    page.locator("#again summary").click()
    form = page.locator("#again form")
    form.get_by_label("Message").fill("What is in stock of tea?")
    form.get_by_role("button", name="Run again").click()
    expect(page.locator("#message .switch")).to_contain_text("2/2")
    ends(page)
    assert bubbles(page) == ["Order 2 cups", "What is in stock of tea?"]
    page.get_by_role("link", name="Branch 1 of 2").click()
    page.wait_for_url(first.partition("#")[0] + "*")
    assert bubbles(page) == ["Order 2 cups", "Now tell me slowly"]
    page.get_by_role("link", name="Branch 2 of 2").click()
    expect(page.locator("#talk .user .bubble").last).to_have_text("What is in stock of tea?")


def test_tabs_that_open_at_random_moments_end_with_the_text_of_the_journal(
    page: Page, live_stigmer: LiveStigmer
) -> None:
    talk(page, live_stigmer, "Please tell me slowly")
    chance, tabs = random.Random(7), [page]
    watched(page, 2)
    for _ in range(6):
        page.wait_for_timeout(chance.uniform(0, 400))
        tab = page.context.new_page()
        tab.set_default_timeout(PAGE_SECONDS * 1000)
        tab.goto(page.url)
        tabs.append(tab)
    for tab in tabs:
        ends(tab)
        expect(tab.locator("#talk .model .bubble")).to_contain_text("the end.")
    whole = page.locator("#talk .model .bubble").inner_text()
    assert whole.count("word") == 90
    for tab in tabs:
        assert tab.locator("#talk .model .bubble").inner_text() == whole
        expect(tab.locator("[data-stream]")).to_have_count(0)


def test_the_pages_of_agents_hold_at_every_width_in_both_themes(
    page: Page, live_stigmer: LiveStigmer
) -> None:
    talk(page, live_stigmer, "What is in stock of tea?")
    ends(page)
    assert violations(page) == []
    page.goto(f"{live_stigmer.base_url}/agents/")
    assert violations(page) == []
    page.get_by_role("link", name="shop-assistant").first.click()
    expect(page.get_by_role("heading", name="Versions")).to_be_visible()
    assert violations(page) == []


def test_an_agent_is_written_in_the_browser_and_checked_while_one_types(
    page: Page, live_stigmer: LiveStigmer
) -> None:
    page.goto(f"{live_stigmer.base_url}/agents/apply")
    text = page.get_by_label("Definition")
    text.fill("kind: Agent\nname: typed-here\ninstructions: short\n")
    expect(page.locator("#checked")).to_contain_text("line 3")
    assert violations(page) == []
    text.fill("kind: Agent\nname: typed-here\ninstructions: Answer in one sentence.\n")
    expect(page.locator("#checked")).to_contain_text("No problems")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("heading", name="typed-here", level=1)).to_be_visible()
    page.get_by_role("link", name="Change definition").click()
    page.get_by_label("Definition").fill(
        "kind: Agent\nname: typed-here\ninstructions: Answer in two sentences.\n"
    )
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("Version 2 was made")).to_be_visible()
    expect(page.locator(".diff .added")).to_contain_text("two sentences")
