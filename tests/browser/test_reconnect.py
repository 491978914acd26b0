"""The live page outlives its server: it says that it is reconnecting, then shows the truth without
a reload.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.people import expect_phase, shop, signed_in, start_order
from tests.live import LiveStigmer, stigmer_up

pytestmark = [pytest.mark.browser, pytest.mark.processes]
OUTAGE_MS = 10_000


@pytest.fixture(scope="module")
def battered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveStigmer]:
    """A server of this file's own, whose parts are killed."""
    with stigmer_up(tmp_path_factory.mktemp("battered") / "home") as live:
        yield live


def test_a_web_server_killed_for_ten_seconds_is_caught_up_with(
    chromium: Browser, battered: LiveStigmer
) -> None:
    page = signed_in(chromium, battered, "demo")
    shop(battered, operation="charge", fault="hang", seconds=600, times=1)
    start_order(page, battered)
    expect_phase(page, "Running")
    page.evaluate("window.sameDocument = true")
    (web,) = battered.children("web")
    # Who would start the web server again is held for as long as the outage shall last.
    battered.process.send_signal(signal.SIGSTOP)
    try:
        web.send_signal(signal.SIGKILL)
        expect(page.get_by_text("Reconnecting").first).to_be_visible()
        page.wait_for_timeout(OUTAGE_MS)
    finally:
        battered.process.send_signal(signal.SIGCONT)
    shop(battered, operation="charge", fault=None)
    expect_phase(page, "Completed")
    assert page.evaluate("window.sameDocument"), "the page was reloaded"
    page.context.close()


def test_an_open_page_says_that_the_last_worker_died(
    chromium: Browser, battered: LiveStigmer
) -> None:
    page = signed_in(chromium, battered, "demo")
    shop(battered, operation="charge", fault="hang", seconds=600, times=1)
    start_order(page, battered)
    expect_phase(page, "Running")
    expect(page.locator("#standing")).not_to_contain_text("No worker is alive")
    # Who would start a worker again is held.
    battered.process.send_signal(signal.SIGSTOP)
    try:
        for worker in battered.children("worker"):
            worker.send_signal(signal.SIGKILL)
        expect(page.locator("#standing")).to_contain_text("No worker is alive")
    finally:
        battered.process.send_signal(signal.SIGCONT)
    shop(battered, operation="charge", fault=None)
    expect_phase(page, "Completed")
    page.context.close()


def test_a_lost_redis_shows_and_heals(chromium: Browser, battered: LiveStigmer) -> None:
    page = signed_in(chromium, battered, "demo")
    shop(battered, operation="charge", fault="hang", seconds=600, times=1)
    start_order(page, battered)
    expect_phase(page, "Running")
    (server,) = battered.children("valkey")
    server.send_signal(signal.SIGKILL)
    shop(battered, operation="charge", fault=None)
    expect_phase(page, "Completed")
    page.context.close()


def test_a_foreign_execution_is_not_found(chromium: Browser, live_stigmer: LiveStigmer) -> None:
    owner = signed_in(chromium, live_stigmer, "admin")
    execution = start_order(owner, live_stigmer)
    stranger = signed_in(chromium, live_stigmer, "demo")
    answer = stranger.goto(f"{live_stigmer.base_url}/executions/{execution}/")
    assert answer is not None and answer.status == 404
    support = signed_in(chromium, live_stigmer, "support")
    answer = support.goto(f"{live_stigmer.base_url}/executions/{execution}/")
    assert answer is not None and answer.status == 200
    for page in (owner, stranger, support):
        page.context.close()
