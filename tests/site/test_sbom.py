"""The list of what a release consists of names each package that is installed, with its hashes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Any:
    target = tmp_path_factory.mktemp("sbom") / "sbom.cdx.json"
    command = [sys.executable, "scripts/sbom", "requirements.txt", str(target)]
    subprocess.run(command, cwd=ROOT, check=True)
    return json.loads(target.read_text())


def test_each_pinned_package_and_each_script_of_others_is_named(told: Any) -> None:
    lock = (ROOT / "requirements.txt").read_text()
    pinned = re.findall(r"(?m)^([A-Za-z0-9._-]+)==([^\s;\\]+)", lock)
    listed = {(each["name"], each.get("version")): each for each in told["components"]}
    assert pinned and set(pinned) <= set(listed)
    for package in pinned:
        hashes = [each["value"] for each in listed[package]["properties"]]
        assert hashes and all(f"sha256:{each}" in lock for each in hashes)
    scripts = {path.name for path in (ROOT / "static/vendor").glob("*.js")}
    assert scripts and scripts <= {each["name"] for each in told["components"]}


def test_it_is_cyclonedx(told: Any) -> None:
    """As its schema asks: what has to be there, what may stand there, each reference once."""
    assert (told["bomFormat"], told["specVersion"], told["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", told["serialNumber"])
    references = [each["bom-ref"] for each in told["components"]]
    assert len(references) == len(set(references))
    for each in told["components"]:
        assert each["type"] in ("library", "file") and each["name"]
        for hashed in each.get("hashes", []):
            assert hashed["alg"] == "SHA-256" and len(hashed["content"]) == 64
        licences = each.get("licenses", [])
        assert all(
            len(known) == 1 and set(known) <= {"license", "expression"} for known in licences
        )
        assert len(licences) == 1 or not any("expression" in known for known in licences)


def test_a_licence_is_named_as_the_installed_package_names_it(told: Any) -> None:
    licences = {each["name"]: each.get("licenses") for each in told["components"]}
    said = metadata.metadata("django")["License-Expression"]
    assert licences["django"] == [{"expression": said}]
