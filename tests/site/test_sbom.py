"""The list of what a release consists of names each package that is installed, with its hashes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_each_pinned_package_and_each_script_of_others_is_named(tmp_path: Path) -> None:
    target = tmp_path / "sbom.cdx.json"
    command = [sys.executable, "scripts/sbom", "requirements.txt", str(target)]
    subprocess.run(command, cwd=ROOT, check=True)
    told = json.loads(target.read_text())
    assert told["bomFormat"] == "CycloneDX"
    by_name = {each["name"].lower(): each for each in told["components"]}
    pinned = re.findall(r"(?m)^([A-Za-z0-9._-]+)==", (ROOT / "requirements.txt").read_text())
    assert {name.lower() for name in pinned} <= set(by_name)
    assert all(by_name[name.lower()]["properties"] for name in pinned)
    scripts = {path.name for path in (ROOT / "static/vendor").glob("*.js")}
    assert scripts and scripts <= {each["name"] for each in told["components"]}
