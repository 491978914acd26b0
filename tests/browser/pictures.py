"""Renew the pictures that the documentation shows: ``make pictures``.

Each is of a page of an installation of its own, as a person would meet it. Names of pictures as
arguments renew those alone. The ones of a workspace need a sandbox (docs/workspaces.md).
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.people import expect_phase, shop, signed_in, start_order
from tests.chromium import FLAGS, find
from tests.live import LiveStigmer, stigmer_up
from tests.waiting import PAGE_SECONDS, PATIENCE_SECONDS

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
SIZE = {"width": 1280, "height": 1060}
# As many attempts as an http call makes by itself.
ATTEMPTS = 4


def execution(page: Page, live: LiveStigmer) -> None:
    """A run that failed though it was tried again and again."""
    shop(live, operation="charge", fault="unavailable", times=ATTEMPTS)
    start_order(page, live)
    badge = page.get_by_text("Failed", exact=True).first
    expect(badge).to_be_visible(timeout=PATIENCE_SECONDS * 1000)
    expect_phase(page, "Failed")
    for toast in page.get_by_role("button", name="Dismiss").all():
        toast.click()


def editor(page: Page, live: LiveStigmer) -> None:
    """A definition while it is changed."""
    page.goto(f"{live.base_url}/workflows/")
    page.get_by_role("link", name="Order fulfilment").first.click()
    page.get_by_role("link", name="Change definition").click()
    expect(page.locator(".cm-editor")).to_be_visible()
    box = page.get_by_label("Definition")
    box.press("Control+End")
    page.keyboard.press("Enter")
    page.keyboard.type("- thank:\n  ca")
    page.keyboard.press("Control+Space")
    expect(page.locator("#checked")).to_contain_text("problem")
    expect(page.get_by_role("option", name=re.compile("^call"))).to_be_visible()


def workspace(page: Page, live: LiveStigmer) -> None:
    """A run that mended a repository: what it changed in its folder, and the patch."""
    page.goto(f"{live.base_url}/workflows/")
    page.get_by_role("link", name="Mend a repository").first.click()
    page.get_by_role("button", name="Start").click()
    page.wait_for_url("**/executions/wex-*/**")
    expect_phase(page, "Completed")
    changed = page.get_by_label("Workspace", exact=True)
    expect(changed).to_contain_text("1 file")
    expect(page.get_by_role("link", name="changes.patch")).to_be_visible()
    for toast in page.get_by_role("button", name="Dismiss").all():
        toast.click()
    changed.evaluate("box => box.scrollIntoView({block: 'center'})")


# Each with who takes it, and how large.
PICTURES = {
    "execution": ("demo", execution, SIZE),
    "editor": ("admin", editor, SIZE),
    "workspace": ("admin", workspace, {"width": 1280, "height": 800}),
    "workspace-phone": ("admin", workspace, {"width": 390, "height": 844}),
}


def taken(browser: Browser, live: LiveStigmer, names: Sequence[str]) -> None:
    """Take these, or each."""
    for name in names or PICTURES:
        who, shown, size = PICTURES[name]
        page = signed_in(browser, live, who, viewport=size, color_scheme="light")
        shown(page, live)
        page.screenshot(path=IMAGES / f"{name}.png", animations="disabled")
        print(f"docs/images/{name}.png")
        page.context.close()


def main() -> int:
    path = find()
    if path is None:
        print("There is no Chromium here: `make chromium` installs one.", file=sys.stderr)
        return 1
    expect.set_options(timeout=PAGE_SECONDS * 1000)
    with (
        tempfile.TemporaryDirectory() as folder,
        stigmer_up(Path(folder) / "home") as live,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        taken(browser, live, sys.argv[1:])
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
