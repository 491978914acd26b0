"""A run that works in a folder: its output while it comes, what it changed, and the patch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from executions.sandbox import walls
from tests.browser.axe import violations
from tests.browser.people import expect_phase, signed_in
from tests.live import LiveStigmer

pytestmark = [
    pytest.mark.browser,
    pytest.mark.processes,
    pytest.mark.skipif(walls.bubblewrap() is None, reason="bubblewrap is not installed"),
]
SLOW = """document: {dsl: '1.0.0', namespace: tests, name: speaks, version: '1.0.0'}
workspace: temporary
do:
- speak: {run: {shell: {command: 'echo It has begun; echo here > file; sleep 600'}}}
"""


@pytest.fixture
def admin(chromium: Browser, live_stigmer: LiveStigmer) -> Iterator[Page]:
    page = signed_in(chromium, live_stigmer, "admin")
    yield page
    page.context.close()


def test_a_repository_is_mended_and_the_patch_is_downloaded(
    admin: Page, live_stigmer: LiveStigmer, tmp_path: Path
) -> None:
    admin.goto(f"{live_stigmer.base_url}/workflows/")
    admin.get_by_role("link", name="Mend a repository").first.click()
    admin.get_by_role("button", name="Start").click()
    admin.wait_for_url("**/executions/wex-*/**")
    expect_phase(admin, "Completed")
    changed = admin.get_by_label("Workspace", exact=True)
    # It comes by itself, a moment after the end of the run.
    expect(changed).to_contain_text("1 file, +1 −1")
    admin.locator("#steps summary", has_text="test").first.click()
    expect(admin.locator("#steps")).to_contain_text("FAIL: test_a_discount_is_a_part_of_the_whole")
    with admin.expect_download() as download:
        admin.get_by_role("link", name="changes.patch").click()
    download.value.save_as(tmp_path / "changes.patch")
    assert (
        "+    return whole - whole * discount_percent // 100"
        in (tmp_path / "changes.patch").read_text()
    )
    assert violations(admin) == []
    admin.goto(f"{live_stigmer.base_url}/workspaces/")
    expect(admin.get_by_role("main")).to_contain_text("Mend a repository")
    assert violations(admin) == []


def test_what_a_command_writes_is_on_the_page_while_it_runs_and_it_ends_when_it_is_cancelled(
    admin: Page, live_stigmer: LiveStigmer
) -> None:
    admin.goto(f"{live_stigmer.base_url}/workflows/apply")
    admin.get_by_label("Definition").fill(SLOW)
    admin.get_by_role("button", name="Apply").click()
    expect(admin.get_by_role("heading", name="speaks", level=1)).to_be_visible()
    admin.get_by_role("button", name="Start").click()
    admin.wait_for_url("**/executions/wex-*/**")
    expect(admin.locator("[data-stream-text]")).to_have_text("It has begun\n")
    assert violations(admin) == []
    admin.get_by_role("button", name="Cancel").first.click()
    dialog = admin.locator("dialog[open]")
    if dialog.count():
        dialog.get_by_role("button", name="Cancel").last.click()
    expect_phase(admin, "Cancelled")
