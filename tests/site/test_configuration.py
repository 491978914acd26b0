"""Every setting is explained, every explained one is read, and former names say what replaced
them.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from stigmer_site import names

ROOT = Path(__file__).resolve().parents[2]
SETTING = re.compile(r'env\.\w+\(\s*"([A-Z_]+)"')
VARIABLE = re.compile(r'os\.environ(?:\.get\(|\[)\s*"([A-Z_]+)"')
MOST_SETTINGS = 40
ROW = re.compile(r"^\| `([A-Z_]+)` \| .+ \| .+ \|$", re.MULTILINE)


def test_each_name_that_is_read_is_explained_and_each_explained_name_is_read() -> None:
    read = set(SETTING.findall((ROOT / "stigmer_site" / "settings.py").read_text()))
    explained = ROW.findall((ROOT / "docs" / "configuration.md").read_text())
    assert sorted(explained) == sorted(read)


def test_what_the_command_reads_is_explained_on_its_own_page() -> None:
    page = (ROOT / "docs" / "cli.md").read_text()
    sources = (ROOT / "executions" / "cli" / "remote").glob("*.py")
    read = {name for source in sources for name in VARIABLE.findall(source.read_text())}
    shared = {name for name in read if name in (ROOT / "docs" / "configuration.md").read_text()}
    assert {name for name in read - shared if f"`{name}`" not in page} == set()
    assert len(read) >= 3


def test_each_former_name_says_which_setting_stands_in_its_place() -> None:
    read = set(SETTING.findall((ROOT / "stigmer_site" / "settings.py").read_text()))
    assert set(names.INSTEAD) & read == set()
    named = set(re.findall(r"[A-Z]+_[A-Z_]+", " ".join(names.INSTEAD.values())))
    assert named <= read


@pytest.mark.parametrize("name", names.BOUNDS)
def test_a_former_name_that_kept_something_in_is_refused(name: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        names.check_bounds({name: "false"})
    assert str(refusal.value).startswith(f"{name} is read no more. {names.INSTEAD[name]}")
    names.check_bounds({"STIGMER_HOME": "var"})


def test_with_such_a_name_nothing_starts(tmp_path: Path) -> None:
    said = {"STIGMER_HOME": str(tmp_path), "STIGMER_COMMANDS": "false"}
    ran = subprocess.run(
        [sys.executable, "-m", "executions.cli", "up"],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "stigmer_site.settings"} | said,
        capture_output=True,
        text=True,
    )
    assert ran.returncode != 0
    assert "STIGMER_COMMANDS is read no more. Write `STIGMER_COMMANDS_MAY=off`" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_there_are_not_more_settings_than_before() -> None:
    """A setting has to be understood by everybody who runs this: let the number go down."""
    explained = ROW.findall((ROOT / "docs" / "configuration.md").read_text())
    assert len(explained) <= MOST_SETTINGS
