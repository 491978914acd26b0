"""Tabs that are opened at random moments of answers that stream: each ends with exactly what the
model said. ``STIGMER_TEST_STREAMS=200`` watches two hundred answers, in some minutes.
"""

from __future__ import annotations

import os
import random
import re
import uuid
from collections.abc import Iterator

import pytest
import yaml
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import signed_in
from tests.live import LiveStigmer
from tests.waiting import PAGE_SECONDS

pytestmark = [pytest.mark.browser, pytest.mark.processes]
# With the page that starts them, one tab more than one person may have live sockets.
STREAMS, TABS = int(os.environ.get("STIGMER_TEST_STREAMS", "20")), 20
# No two words are alike: a piece that is missing, doubled or displaced shows.
WORDS = " ".join(f"w{number}" for number in range(150))
SCRIPT = {
    "when": "^count to [0-9]+$",
    "answers": [{"say": "I heard {message}. " + WORDS + " end", "rate": 12}],
}


@pytest.fixture
def page(chromium: Browser, live_stigmer: LiveStigmer) -> Iterator[Page]:
    file = live_stigmer.home / "demo" / "scripts" / "count.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(SCRIPT))
    opened = signed_in(chromium, live_stigmer, "demo", viewport={"width": 900, "height": 700})
    yield opened
    opened.context.close()
    file.unlink()


class Talker:
    """Says things to the shop's agent as its form does, without a page; gives the runs' pages."""

    def __init__(self, page: Page, live: LiveStigmer) -> None:
        self._page, self._live = page, live
        page.goto(f"{live.base_url}/agents/")
        page.get_by_role("link", name="shop-assistant").first.click()
        form = page.locator("form:has(#message)")
        self._address = live.base_url + str(form.get_attribute("action"))
        self._csrf = form.locator("[name=csrfmiddlewaretoken]").input_value()

    def say(self, message: str) -> str:
        fields: dict[str, str | float | bool] = {
            "message": message,
            "key": uuid.uuid4().hex,
            "csrfmiddlewaretoken": self._csrf,
        }
        headers = {"Referer": self._page.url}
        answer = self._page.request.post(
            self._address, form=fields, headers=headers, max_redirects=0
        )
        assert answer.status == 302, answer.text()
        return self._live.base_url + answer.headers["location"]


def test_tabs_opened_at_random_moments_of_many_streams_end_with_what_was_said(
    page: Page, live_stigmer: LiveStigmer
) -> None:
    chance, talker, came_in_between = random.Random(20), Talker(page, live_stigmer), 0
    tabs = [page.context.new_page() for _ in range(TABS)]
    for tab in tabs:
        tab.set_default_timeout(PAGE_SECONDS * 1000)
    for first in range(0, STREAMS, TABS):
        numbers = list(range(first, min(first + TABS, STREAMS)))
        opened = [(number, talker.say(f"count to {number}")) for number in numbers]
        watched = list(zip(tabs, opened, strict=False))
        for tab, (_, address) in chance.sample(watched, len(watched)):
            tab.wait_for_timeout(chance.uniform(0, 250))
            tab.goto(address, wait_until="commit")
        for tab, (number, _) in watched:
            said = tab.locator("#talk .model .bubble:not(.streaming)")
            came_in_between += tab.locator("[data-stream-text]").count()
            expect(tab.locator("#composer-send")).to_have_text("Send", timeout=PAGE_SECONDS * 2000)
            expect(tab.locator("[data-stream]")).to_have_count(0)
            expected = f"I heard count to {number}. {WORDS} end"
            assert re.sub(r"\s+", " ", said.inner_text().strip()) == expected
    assert came_in_between, "no tab was opened while its answer came"
