"""The admin in a real browser: its pages keep to the strict content policy, and an action works by
hand.
"""

from __future__ import annotations

import subprocess
import sys

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from tests.live import ROOT, LiveStigmer, environment
from tests.waiting import PAGE_SECONDS, until

pytestmark = [pytest.mark.browser, pytest.mark.processes]
START = """
from django.contrib.auth.models import User
from executions.intake.start import start
from executions.models import Workflow
order = {"sku": "whisk", "quantity": 1, "address": "1 Harbour Street"}
print(start(Workflow.objects.get(slug="order-fulfilment"), User.objects.get(username="demo"), input=order).public_id)
"""


def start_an_order_that_fails(live: LiveStigmer) -> str:
    """The public id of an order of what is sold out."""
    command = [sys.executable, "manage.py", "shell", "--no-imports", "--command", START]
    ran = subprocess.run(
        command, cwd=ROOT, env=environment(live.home), capture_output=True, text=True, check=True
    )
    return ran.stdout.split()[-1]


SECOND = """
from django.contrib.auth.models import User
User.objects.create_superuser("second", "", "{password}")
"""
PASSWORD = "a second administrator"


def at_the_sure_page(chromium: Browser, live: LiveStigmer, public_id: str, name: str) -> Page:
    """This administrator has chosen to retry the run, and is asked whether they are sure."""
    page = chromium.new_context().new_page()
    page.set_default_timeout(PAGE_SECONDS * 1000)
    page.goto(f"{live.base_url}/admin/executions/execution/?q={public_id}")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(live.logins["admin"] if name == "admin" else PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    # The page has to be there: a reload while the log-in is under way is refused by the browser.
    page.get_by_role("searchbox").wait_for()
    row = page.get_by_role("row", name=public_id)

    def has_failed() -> bool:
        page.reload()
        return "FAILED" in row.inner_text()

    until(has_failed, what="the order to fail")
    row.get_by_role("checkbox").check()
    page.get_by_label("Action:").select_option("retry")
    page.get_by_role("button", name="Go").click()
    page.get_by_role("button", name="Retry").wait_for()
    return page


def test_of_two_administrators_who_press_at_once_one_is_told(
    chromium: Browser, live_stigmer: LiveStigmer
) -> None:
    public_id = start_an_order_that_fails(live_stigmer)
    code = SECOND.format(password=PASSWORD)
    command = [sys.executable, "manage.py", "shell", "--no-imports", "--command", code]
    subprocess.run(
        command, cwd=ROOT, env=environment(live_stigmer.home), capture_output=True, check=True
    )
    pages = [
        at_the_sure_page(chromium, live_stigmer, public_id, name) for name in ("admin", "second")
    ]
    for page in pages:
        # Pressed without waiting for what comes of it.
        page.get_by_role("button", name="Retry").evaluate("button => button.click()")
    told = []
    for page in pages:
        message = page.locator(".messagelist li").first
        message.wait_for()
        told.append("success" in (message.get_attribute("class") or ""))
        page.context.close()
    assert sorted(told) == [False, True]


def test_an_administrator_retries_without_breaking_the_content_policy(
    page: Page, live_stigmer: LiveStigmer
) -> None:
    public_id = start_an_order_that_fails(live_stigmer)
    said: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            said.append(message.text)

    page.on("console", listen)
    page.goto(f"{live_stigmer.base_url}/admin/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(live_stigmer.logins["admin"])
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_role("link", name="Executions", exact=True).first.click()
    page.get_by_role("searchbox").fill(public_id)
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name=public_id).click()
    page.get_by_text("Only 0 of whisk left").first.wait_for()
    page.get_by_role("link", name="/refuse").click()
    page.get_by_text("errors/sold-out").first.wait_for()
    page.go_back()
    with page.expect_navigation():
        page.get_by_role("link", name="v1").first.click()
    page.go_back()
    page.go_back()
    page.get_by_role("row", name=public_id).get_by_role("checkbox").check()
    page.get_by_label("Action:").select_option("retry")
    page.get_by_role("button", name="Go").click()
    page.get_by_label("Reason").fill("by hand")
    page.get_by_role("button", name="Retry").click()
    page.get_by_text("will run its failed step again").wait_for()
    assert said == []
