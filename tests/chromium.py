"""Find a Chromium for the browser tests, or install one where that is allowed; print where it is.

Order: CHROMIUM, the PATH, Debian's package (as root), playwright's own. Where none can be had, it says how.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

FLAGS = [
    "--no-sandbox",  # as root, in containers
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """The path of a Chromium that is installed here."""
    if named := os.environ.get("CHROMIUM"):
        return shutil.which(named)
    return next((path for name in NAMES if (path := shutil.which(name))), None) or _playwrights_own()


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def install() -> str | None:
    """Debian's package as root, else playwright's download; None where both fail."""
    ways = [[[sys.executable, "-m", "playwright", "install", "chromium"]]]
    if os.geteuid() == 0 and shutil.which("apt-get"):
        ways.insert(0, [["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]])
    for way in ways:
        for command in way:
            print(f"stigmer: {' '.join(command)}", file=sys.stderr)
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            subprocess.run(command, env=environment, stdout=sys.stderr, check=False)
        if path := find():
            return path
    return None


if __name__ == "__main__":
    found = find() or install()
    if found is None:
        sys.exit(
            "stigmer: the browser tests need Chromium and none could be installed. Install it yourself (on Debian: "
            "apt-get install chromium; on Ubuntu and macOS: .venv/bin/playwright install chromium) or set CHROMIUM "
            "to the path of one."
        )
    print(found)
