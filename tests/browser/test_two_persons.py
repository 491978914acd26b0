"""Two persons for a restore and an override, in a real browser: one asks, the page says who has to
agree, another one finds it, agrees, turns it down, or finds that the run has moved on.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.axe import violations
from tests.browser.people import expect_phase, shop, signed_in, start_order
from tests.browser.test_roles import WIDTHS, shoot
from tests.live import ROOT, LiveStigmer, command, environment, stigmer_up

pytestmark = [pytest.mark.browser, pytest.mark.processes]
PASSWORD = "four words in a row"
DESK: Any = {"width": 1280, "height": 900}
# The last log-in of everybody was an hour ago; ``moved`` says of how many.
AGED = """
import time
from allauth.usersessions.models import UserSession
from importlib import import_module
from django.conf import settings
store = import_module(settings.SESSION_ENGINE).SessionStore
for row in UserSession.objects.all():
    session = store(row.session_key)
    session["confirmed_at"] = time.time() - 3600
    session.save()
"""
RUN_OUT = """
from datetime import timedelta
from executions import clock
from executions.models import Proposal
Proposal.objects.update(expires_at=clock.now() - timedelta(seconds=1))
"""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveStigmer]:
    """A server that asks for two persons, and a second administrator, bea."""
    home = tmp_path_factory.mktemp("two") / "home"
    with stigmer_up(home, STIGMER_TWO_PERSONS="true") as running:
        subprocess.run(
            command("administrator", "bea", "--password-stdin"),
            input=PASSWORD.encode(),
            env=environment(running.home),
            check=True,
        )
        yield running


@pytest.fixture
def support(chromium: Browser, live: LiveStigmer) -> Iterator[Page]:
    page = signed_in(chromium, live, "support", viewport=DESK)
    yield page
    page.context.close()


@pytest.fixture
def admin(chromium: Browser, live: LiveStigmer) -> Iterator[Page]:
    page = signed_in(chromium, live, "admin", viewport=DESK)
    yield page
    page.context.close()


@pytest.fixture
def failed(chromium: Browser, live: LiveStigmer) -> Iterator[str]:
    """An order of the demo account whose charge was refused."""
    page = signed_in(chromium, live, "demo")
    shop(live, reset=True)
    shop(live, operation="charge", fault="reject", times=1)
    run = start_order(page, live)
    expect_phase(page, "Failed")
    yield run
    page.context.close()


def inside(live: LiveStigmer, code: str) -> None:
    """Run this in a shell of the server's own."""
    ran = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "--command", code],
        cwd=ROOT,
        env=environment(live.home),
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr


def ask_for_a_restore(page: Page, live: LiveStigmer, run: str, why: str) -> Locator:
    """From the run's page over its checkpoints and the preview; the notice that it waits."""
    page.goto(f"{live.base_url}/executions/{run}/")
    page.get_by_role("link", name="Restore to a checkpoint").click()
    page.locator("#tab").get_by_role("link", name="beginning").first.click()
    expect(page.get_by_text("Nothing is deleted")).to_be_visible()
    page.locator("#tab").get_by_label("Reason").fill(why)
    page.get_by_role("button", name="Restore", exact=True).click()
    notice = waits(page)
    expect(notice).to_be_visible()
    return notice


def waits(page: Page) -> Locator:
    return page.locator("#standing .notice[aria-labelledby^=title-prp-]")


def looked_at(page: Page, name: str) -> None:
    assert violations(page, WIDTHS) == []
    shoot(page, name, page.url.split("/", 3)[3].replace("wex-", ""))
    page.set_viewport_size(DESK)


def test_support_asks_an_administrator_agrees_and_it_is_done_once(
    support: Page, admin: Page, failed: str, live: LiveStigmer
) -> None:
    expect(admin.locator(".side [data-strip]")).to_have_attribute("data-state", "live")
    notice = ask_for_a_restore(support, live, failed, "the card was changed")
    expect(notice).to_contain_text("the card was changed")
    expect(notice).to_contain_text(
        "A second person, from support or an administrator, has to agree"
    )
    expect(notice).to_contain_text("run again")
    # The person who asked may take it back, and is offered nothing else.
    expect(notice.get_by_role("button", name="Agree: restore")).to_be_hidden()
    expect(notice.get_by_role("button", name="Turn down")).to_be_hidden()
    expect(notice.get_by_role("button", name="Withdraw")).to_be_visible()
    expect(notice).to_contain_text("You asked for it, so you cannot agree to it.")
    looked_at(support, "asker")
    # The other one is told wherever they are, without a reload.
    expect(admin.locator("#asks-badge-side")).to_have_text("1 waiting")
    expect(admin.locator("#unread-badge")).to_have_text("1 unread")
    admin.get_by_role("link", name="Approvals").first.click()
    expect(admin.get_by_role("heading", name="A second person has to agree")).to_be_visible()
    looked_at(admin, "second")
    admin.goto(f"{live.base_url}/inbox/")
    expect(admin.get_by_text("the card was changed")).to_be_visible()
    looked_at(admin, "second")
    admin.locator(".inbox-row").get_by_role("link").first.click()
    seen = waits(admin)
    expect(seen.get_by_role("button", name="Withdraw")).to_be_hidden()
    looked_at(admin, "second")
    seen.get_by_role("button", name="Agree: restore").click()
    expect_phase(admin, "Completed")
    expect(waits(admin)).to_have_count(0)
    expect(waits(support)).to_have_count(0)
    expect_phase(support, "Completed")
    expect(admin.locator("#asks-badge-side")).to_have_text("")
    admin.goto(f"{live.base_url}/executions/{failed}/audit")
    tab = admin.locator("#tab")
    expect(tab.get_by_text("asked for by support, agreed to by admin")).to_have_count(1)
    expect(tab.get_by_text("ask for restore")).to_have_count(1)
    looked_at(admin, "second")


def test_an_old_log_in_is_confirmed_before_anybody_agrees(
    support: Page, admin: Page, failed: str, live: LiveStigmer
) -> None:
    ask_for_a_restore(support, live, failed, "again")
    inside(live, AGED)
    admin.goto(f"{live.base_url}/executions/{failed}/")
    waits(admin).get_by_role("button", name="Agree: restore").click()
    told = admin.locator("#outcome .notice")
    expect(told).to_contain_text("needs a log-in within the last 15 minutes")
    expect_phase(admin, "Failed")
    looked_at(admin, "unconfirmed")
    told.get_by_role("link", name="Confirm that it is you").click()
    admin.get_by_label("Password").fill(live.logins["admin"])
    admin.get_by_role("button", name="Confirm").click()
    waits(admin).get_by_role("button", name="Agree: restore").click()
    expect_phase(admin, "Completed")


def test_it_is_turned_down_and_withdrawn_and_runs_out(
    support: Page, admin: Page, failed: str, live: LiveStigmer
) -> None:
    ask_for_a_restore(support, live, failed, "first")
    admin.goto(f"{live.base_url}/executions/{failed}/")
    waits(admin).get_by_role("button", name="Turn down").click()
    expect(waits(admin)).to_have_count(0)
    expect(admin.locator("#history")).to_contain_text("turned down")
    expect(waits(support)).to_have_count(0)
    ask_for_a_restore(support, live, failed, "second")
    waits(support).get_by_role("button", name="Withdraw").click()
    expect(waits(support)).to_have_count(0)
    expect(support.locator("#history")).to_contain_text("withdrawn")
    ask_for_a_restore(support, live, failed, "third")
    admin.goto(f"{live.base_url}/executions/{failed}/")
    agrees = waits(admin).get_by_role("button", name="Agree: restore")
    expect(agrees).to_be_visible()
    inside(live, RUN_OUT)
    agrees.click()
    expect(admin.locator("#outcome .notice")).to_contain_text("nobody agreed in time")
    expect(waits(admin)).to_have_count(0)
    expect_phase(admin, "Failed")


def test_of_a_run_that_moved_on_nobody_can_agree_to_what_was_asked(
    support: Page, admin: Page, failed: str, live: LiveStigmer
) -> None:
    ask_for_a_restore(support, live, failed, "too late")
    admin.goto(f"{live.base_url}/executions/{failed}/")
    expect(admin.locator(".side [data-strip]")).to_have_attribute("data-state", "live")
    admin.get_by_role("button", name="Acknowledge").click()
    notice = waits(admin)
    expect(notice).to_contain_text("the run has moved on")
    expect(notice.get_by_role("button", name="Agree: restore")).to_have_count(0)
    looked_at(admin, "moved-on")
    notice.get_by_role("button", name="Turn down").click()
    expect(waits(admin)).to_have_count(0)


def test_in_the_admin_one_administrator_asks_for_an_override_and_another_agrees(
    chromium: Browser, admin: Page, failed: str, live: LiveStigmer
) -> None:
    admin.goto(f"{live.base_url}/admin/executions/execution/?q={failed}")
    admin.get_by_role("checkbox", name="Select this object").first.check()
    admin.get_by_role("combobox", name="Action").select_option(
        label="Override the selected executions…"
    )
    admin.get_by_role("button", name="Run").or_(admin.get_by_role("button", name="Go")).click()
    admin.get_by_label("Phase").select_option("CANCELLED")
    admin.get_by_label("Reason").fill("the customer left")
    admin.get_by_role("button", name="Preview").click()
    expect(admin.get_by_text("From FAILED to CANCELLED")).to_be_visible()
    looked_at(admin, "admin-asks")
    admin.get_by_role("button", name="Override").click()
    expect(admin.get_by_text("waits for a second person")).to_be_visible()
    bea = signed_in(chromium, live, "bea", password=PASSWORD, viewport=DESK)
    for page, said in ((admin, "somebody else has to agree"), (bea, "was agreed to and done")):
        page.goto(f"{live.base_url}/admin/executions/proposal/?q={failed}")
        looked_at(page, "admin-proposals")
        page.get_by_role("checkbox", name="Select this object").first.check()
        page.get_by_role("combobox", name="Action").select_option(
            label="Agree to the selected proposals"
        )
        page.get_by_role("button", name="Run").or_(page.get_by_role("button", name="Go")).click()
        expect(page.get_by_text(said)).to_be_visible()
    bea.goto(f"{live.base_url}/executions/{failed}/")
    expect_phase(bea, "Cancelled")
    expect(bea.locator("#history")).to_contain_text("asked for by admin, agreed to by bea")
    bea.context.close()
