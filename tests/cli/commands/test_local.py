"""Looking after the installation itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.live import free_ports

pytestmark = pytest.mark.processes


def test_the_doctor_finds_a_running_installation_well(keeper: Terminal) -> None:
    said = keeper.apart("doctor", "-o", "json")
    assert said.code == 0, said
    checks = {check["name"]: check for check in json.loads(said.out)["checks"]}
    assert {"settings", "data folder", "database", "redis", "workers", "web server", "log-in"} <= set(checks)
    assert all(check["ok"] for check in checks.values())


def test_the_doctor_says_what_to_do_where_nothing_runs(tmp_path: Path) -> None:
    said = Terminal(tmp_path, {"STIGMER_PORT": str(free_ports(1)[0])}).apart("doctor")
    assert said.code == 1, said
    assert "✗ web server" in said.out and "Start it with `stigmer up`" in said.out


def test_the_doctor_names_a_setting_that_cannot_be_used(tmp_path: Path) -> None:
    said = Terminal(tmp_path, {"STIGMER_PORT": "eight thousand"}).apart("doctor")
    assert said.code == 1, said
    assert "✗ settings" in said.out and "STIGMER_PORT" in said.out


def test_repair_reports_and_mends_what_is_not_linked_and_a_second_time_nothing(keeper: Terminal) -> None:
    assert keeper.apart("repair").out == "0 mended\n"
    assert json.loads(keeper.apart("repair", "agents", "--dry-run", "-o", "json").out) == {
        "dry_run": True,
        "mended": 0,
        "found": [],
    }
