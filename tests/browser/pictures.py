"""Renew the pictures that the documentation shows: ``make pictures``.

Each is of a page of an installation of its own, as a person would meet it.
"""

from __future__ import annotations

import re
import sys
import tempfile
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


PICTURES = {"execution": ("demo", execution), "editor": ("admin", editor)}


def taken(browser: Browser, live: LiveStigmer) -> None:
    """Take each."""
    for name, (who, shown) in PICTURES.items():
        page = signed_in(browser, live, who, viewport=SIZE, color_scheme="light")
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
        taken(browser, live)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
