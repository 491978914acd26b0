"""Find a Chromium for the browser tests, or install one where that is allowed; print where it is.

Order: CHROMIUM, the PATH, Debian's package (as root), playwright's own. Where none can be had, it
says how. The libraries that playwright's driver loads come first: without them not even the look
for playwright's own Chromium can start.
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


# What the driver of playwright loads and a minimal Debian lacks, and the package that brings it.
LIBRARIES = {"libatomic.so.1": "libatomic1", "libstdc++.so.6": "libstdc++6"}


def find() -> str | None:
    """The path of a Chromium that is installed here."""
    if named := os.environ.get("CHROMIUM"):
        return shutil.which(named)
    return (
        next((path for name in NAMES if (path := shutil.which(name))), None) or _playwrights_own()
    )


def _playwrights_own() -> str | None:
    if missing_libraries(driver()):
        return None
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def driver() -> str:
    """The program with which playwright drives a browser: it starts first, with libraries of the
    system.
    """
    from playwright._impl._driver import compute_driver_executable

    return compute_driver_executable()[0]


def missing_libraries(program: str) -> list[str]:
    """The shared libraries that a program needs and this system lacks; empty where nobody tells (no
    ldd).
    """
    if shutil.which("ldd") is None:
        return []
    told = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    return [line.split()[0] for line in told.splitlines() if line.rstrip().endswith("not found")]


def install() -> str | None:
    """What is missing: Debian's packages as root, else playwright's download; None where both
    fail.
    """
    if os.geteuid() == 0 and shutil.which("apt-get"):
        libraries = [LIBRARIES[name] for name in missing_libraries(driver()) if name in LIBRARIES]
        packages = [*libraries, *([] if find() else ["chromium"])]
        _run("apt-get", "update", "-qq")
        _run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages)
    if find() is None and not missing_libraries(driver()):
        _run(sys.executable, "-m", "playwright", "install", "chromium")
    return find()


def _run(*command: str) -> None:
    print(f"stigmer: {' '.join(command)}", file=sys.stderr)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(command, env=environment, stdout=sys.stderr, check=False)


def main() -> None:
    """Print the path of a Chromium that can be driven, or say what to install."""
    found = find() if not missing_libraries(driver()) else None
    found = found or install()
    if missing := missing_libraries(driver()):
        packages = " ".join(LIBRARIES.get(name, name) for name in missing)
        needed = ", ".join(missing)
        sys.exit(
            f"stigmer: the browser tests need {needed} (on Debian: apt-get install {packages})."
        )
    if found is None:
        sys.exit(
            "stigmer: the browser tests need Chromium and none could be installed. Install it"
            " yourself (on Debian: apt-get install chromium; on Ubuntu and macOS:"
            " .venv/bin/playwright install chromium) or set CHROMIUM to the path of one."
        )
    print(found)


if __name__ == "__main__":
    main()
