"""The control room and the admin as each role sees them: nothing that axe would object to, at the
width of a phone and of a desk, light and dark; and what each role reads and may press.

With ``STIGMER_TEST_SHOTS=folder`` each page leaves a picture there.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib import admin
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from executions.showing import LABEL
from tests.browser.axe import violations
from tests.browser.people import signed_in
from tests.dashboard.views.test_policy import PAGES
from tests.live import ROOT, LiveStigmer, environment

pytestmark = [pytest.mark.browser, pytest.mark.processes]
WIDTHS = (390, 1280)
ACCOUNT = "DE89370400440532013000"
SHOTS = os.environ.get("STIGMER_TEST_SHOTS", "")
# The names of the log-ins, and the column of each in the table of pages.
ROLES = {"demo": 1, "vera": 3, "support": 4, "admin": 5}
# Not pages. Pages that are the same for all roles are looked through in test_accessibility.py.
NO_PAGES = frozenset({"execution-export", "execution-value", "step-value"}) | {
    *("execution-round", "execution-rounds", "execution-earlier", "execution-step")
}
FOR_EACH_ROLE = ("overview", "executions", "attention", "approvals", "workflow", "tokens")
MADE = """
from django.contrib.auth.models import Group, User
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import Workflow
vera = User.objects.create_user("vera", password={password!r})
vera.groups.add(Group.objects.get_or_create(name="Viewers")[0])
demo = User.objects.get(username="demo")
text = '''{text}'''
workflow = apply_definition(text, demo).workflow
Workflow.objects.filter(pk=workflow.pk).update(visibility="shared")
run = start(workflow, demo, input={{"iban": "{account}", "city": "Ghent"}}, name="A payment")
print(run.public_id, workflow.public_id, run.pk)
"""
TEXT = """document: {dsl: "1.0.0", namespace: tests, name: payments, version: "1.0.0"}
do:
- copies: {set: {to: "${ .iban }", city: "${ .city }"}}
- breaks: {raise: {error: {type: "https://example.org/bad", status: 400, title: Bad}}}
"""
PASSWORD = "vera looks at everything"


@pytest.fixture(scope="module")
def made(live_stigmer: LiveStigmer) -> dict[str, str]:
    """A viewer, and a run of the demo account that failed."""
    code = MADE.format(password=PASSWORD, text=TEXT, account=ACCOUNT)
    command = [sys.executable, "manage.py", "shell", "--no-imports", "--command", code]
    ran = subprocess.run(
        command,
        cwd=ROOT,
        env=environment(live_stigmer.home),
        capture_output=True,
        text=True,
        check=True,
    )
    run, workflow, key = ran.stdout.split()[-3:]
    return {"wex": run, "wfl": workflow, "key": key}


@pytest.fixture(scope="module", params=ROLES)
def reader(
    request: pytest.FixtureRequest,
    chromium: Browser,
    live_stigmer: LiveStigmer,
    made: dict[str, str],
) -> Iterator[tuple[str, Page]]:
    """Each role, at the overview."""
    name = request.param
    page = signed_in(chromium, live_stigmer, name, password=PASSWORD if name == "vera" else "")
    page.goto(f"{live_stigmer.base_url}/executions/{made['wex']}/")
    expect(page.locator("#headline")).to_contain_text("Failed")
    yield name, page
    page.context.close()


def shoot(page: Page, name: str, path: str) -> None:
    """A picture of the page in both themes at both widths, where somebody wants to look."""
    if not SHOTS:
        return
    title = path.strip("/").replace("/", "-").split("?")[0] or "overview"
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            page.screenshot(path=Path(SHOTS) / f"{name}-{title}-{width}-{theme}.png")


def pages_of(name: str, made: dict[str, str]) -> list[str]:
    """Those of the table that this role gets and that are about no more than this run."""
    found = []
    for key, (address, *statuses) in PAGES.items():
        is_of_the_run = "{wex}" in address
        if key in NO_PAGES or statuses[ROLES[name] - 1] != 200:
            continue
        if not is_of_the_run and key not in FOR_EACH_ROLE:
            continue
        try:
            found.append(address.format(wex=made["wex"], wfl=made["wfl"]))
        except KeyError:
            continue
    return found


def test_no_page_shuts_a_role_out(
    reader: tuple[str, Page], made: dict[str, str], live_stigmer: LiveStigmer
) -> None:
    name, page = reader
    found: list[str] = []
    for path in pages_of(name, made):
        page.goto(live_stigmer.base_url + path)
        found += [f"{path}: {each}" for each in violations(page, WIDTHS)]
        shoot(page, name, path)
    assert found == []


def test_each_role_reads_what_it_may(
    reader: tuple[str, Page], made: dict[str, str], live_stigmer: LiveStigmer
) -> None:
    name, page = reader
    page.goto(f"{live_stigmer.base_url}/executions/{made['wex']}/values")
    text = page.locator("main").inner_text()
    reads_whole = name in ("demo", "admin")
    assert (ACCOUNT in text) == reads_whole
    assert (LABEL in text) != reads_whole
    assert "Ghent" in text


def test_each_role_is_offered_what_it_may_do(
    reader: tuple[str, Page], made: dict[str, str], live_stigmer: LiveStigmer
) -> None:
    name, page = reader
    page.goto(f"{live_stigmer.base_url}/executions/{made['wex']}/")
    retry = page.locator("#do-retry, #open-retry").and_(page.locator(":not([aria-disabled])"))
    assert (retry.count() > 0) == (name != "vera")
    override = page.get_by_role("link", name="Override the state")
    assert (override.count() > 0) == (name == "admin")
    restore = page.get_by_role("link", name="Restore to a checkpoint")
    assert (restore.count() > 0) == (name in ("support", "admin"))


def admin_pages(made: dict[str, str]) -> list[str]:
    """The lists of all records, and the records of the run: one that is added comes along."""
    lists = [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for model in admin.site._registry
    ]
    run = reverse("admin:executions_execution_change", args=[made["key"]])
    return [reverse("admin:index"), *lists, run]


def test_no_page_of_the_admin_shuts_anybody_out(
    chromium: Browser, live_stigmer: LiveStigmer, made: dict[str, str]
) -> None:
    page, name = signed_in(chromium, live_stigmer, "admin"), "superuser"
    found: list[str] = []
    for path in admin_pages(made):
        answer = page.goto(live_stigmer.base_url + path)
        assert answer is not None and answer.status == 200, path
        found += [f"{path}: {each}" for each in violations(page, WIDTHS)]
        shoot(page, f"admin-{name}", path)
    page.context.close()
    assert found == []
