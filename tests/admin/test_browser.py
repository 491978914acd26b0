"""The admin in a real browser: its pages keep to the strict content policy, and an action works by
hand.
"""

from __future__ import annotations

import subprocess
import sys

import pytest
from playwright.sync_api import ConsoleMessage, Page

from tests.live import ROOT, LiveStigmer, environment

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
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="Executions", exact=True).first.click()
    page.get_by_role("searchbox").fill(public_id)
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name=public_id).click()
    page.get_by_text("Only 0 of whisk left").first.wait_for()
    page.get_by_role("link", name="/refuse").click()
    page.get_by_text("errors/sold-out").first.wait_for()
    page.go_back()
    page.get_by_role("link", name="v1").first.click()
    page.go_back()
    page.go_back()
    page.get_by_role("checkbox", name="Select this object").check()
    page.get_by_label("Action:").select_option("retry")
    page.get_by_role("button", name="Go").click()
    page.get_by_label("Reason").fill("by hand")
    page.get_by_role("button", name="Retry").click()
    page.get_by_text("will run its failed step again").wait_for()
    assert said == []
