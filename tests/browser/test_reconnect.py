"""The live page outlives its server: it says that it is reconnecting, then shows the truth without a reload."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.people import expect_phase, shop, signed_in, start_order
from tests.live import stigmer_up

pytestmark = [pytest.mark.browser, pytest.mark.processes]


def test_a_web_server_killed_with_a_run_under_way_is_caught_up_with(chromium: Browser, tmp_path: Path) -> None:
    with stigmer_up(tmp_path / "home") as live:
        page = signed_in(chromium, live, "demo")
        shop(live, operation="charge", fault="hang", seconds=4, times=1)
        start_order(page, live)
        expect_phase(page, "Running")
        page.evaluate("window.sameDocument = true")
        (web,) = live.children("web")
        web.send_signal(signal.SIGKILL)
        expect(page.get_by_text("Reconnecting").first).to_be_visible(timeout=15_000)
        expect_phase(page, "Completed")
        assert page.evaluate("window.sameDocument"), "the page was reloaded"
        page.context.close()


def test_a_lost_redis_shows_and_heals(chromium: Browser, tmp_path: Path) -> None:
    with stigmer_up(tmp_path / "home") as live:
        page = signed_in(chromium, live, "demo")
        (server,) = live.children("redis")
        server.send_signal(signal.SIGKILL)
        shop(live, operation="charge", fault="hang", seconds=2, times=1)
        start_order(page, live)
        expect_phase(page, "Completed")
        page.context.close()


def test_a_foreign_execution_is_not_found(chromium: Browser, tmp_path: Path) -> None:
    with stigmer_up(tmp_path / "home") as live:
        owner = signed_in(chromium, live, "admin")
        execution = start_order(owner, live)
        stranger = signed_in(chromium, live, "demo")
        answer = stranger.goto(f"{live.base_url}/executions/{execution}/")
        assert answer is not None and answer.status == 404
        support = signed_in(chromium, live, "support")
        answer = support.goto(f"{live.base_url}/executions/{execution}/")
        assert answer is not None and answer.status == 200
        for page in (owner, stranger, support):
            page.context.close()
