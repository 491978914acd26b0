"""Looking after the installation itself."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
import uuid
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.live import ROOT, LiveStigmer, free_ports

pytestmark = pytest.mark.processes


def test_the_doctor_finds_a_running_installation_well(keeper: Terminal) -> None:
    said = keeper.apart("doctor", "-o", "json")
    assert said.code == 0, said
    checks = {check["name"]: check for check in json.loads(said.out)["checks"]}
    assert {
        "settings",
        "data folder",
        "database",
        "redis",
        "workers",
        "web server",
        "log-in",
    } <= set(checks)
    assert all(check["ok"] for check in checks.values())


def test_the_doctor_names_tools_that_the_hosts_of_an_agent_do_not_bind(
    keeper: Terminal, demo: Terminal, tmp_path: Path
) -> None:
    name = f"bound-{uuid.uuid4().hex[:8]}"
    head = f"kind: Agent\nname: {name}\ninstructions: Look it up.\nmodel: demo\n"
    tools = "tools: [{function: demo.shop.stock}, ask_a_person]\n"
    written = tmp_path / "agent.yaml"

    def told(text: str) -> str:
        written.write_text(text)
        assert demo("apply", "-f", str(written)).code == 0
        findings = json.loads(keeper.apart("doctor", "-o", "json").out)["checks"]
        return " ".join(each["detail"] for each in findings if each["name"] == "hosts of agents")

    # It names no hosts: nothing is promised.
    assert name not in told(head + tools)
    said = told(f"{head}hosts: [api.example.org]\n{tools}")
    assert f"{name}: demo.shop.stock" in said and "do not bind functions and commands" in said
    assert name not in told(f"{head}hosts: [api.example.org]\ntools: [ask_a_person]\n")


def test_what_the_server_has_logged_is_read_at_its_machine(
    keeper: Terminal, tmp_path: Path
) -> None:
    said = keeper.apart("server", "logs", "--tail", "100000", "--process", "worker")
    assert said.code == 0 and "worker started" in said.out and "web " not in said.out, said.err
    records = keeper.apart("server", "logs", "--tail", "3", "-o", "json").out.splitlines()
    assert len(records) == 3
    assert all({"process", "event", "timestamp"} <= set(json.loads(each)) for each in records)
    nothing = Terminal(tmp_path / "elsewhere").apart("server", "logs")
    assert nothing.code == 1 and "No log is kept in" in nothing.err, nothing


def test_the_doctor_says_what_to_do_where_nothing_runs(tmp_path: Path) -> None:
    said = Terminal(tmp_path, {"STIGMER_PORT": str(free_ports(1)[0])}).apart("doctor")
    assert said.code == 1, said
    assert "✗ web server" in said.out and "Start it with `stigmer up`" in said.out


def test_the_doctor_names_a_setting_that_cannot_be_used(tmp_path: Path) -> None:
    said = Terminal(tmp_path, {"STIGMER_PORT": "eight thousand"}).apart("doctor")
    assert said.code == 1, said
    assert "✗ settings" in said.out and "STIGMER_PORT" in said.out


def test_repair_reports_and_mends_what_is_not_linked_and_a_second_time_nothing(
    keeper: Terminal,
) -> None:
    assert keeper.apart("repair").out == "0 mended\n"
    assert json.loads(keeper.apart("repair", "agents", "--dry-run", "-o", "json").out) == {
        "dry_run": True,
        "mended": 0,
        "found": [],
    }


def test_the_audit_trail_of_a_running_installation_is_verified(keeper: Terminal) -> None:
    said = keeper.apart("audit", "verify")
    assert said.code == 0, said
    assert re.fullmatch(r"[\d,]+ entr(y|ies) verified: the audit trail is whole\.\n", said.out), (
        said
    )
    assert json.loads(keeper.apart("audit", "verify", "-o", "json").out)["whole"] is True


def test_a_broken_audit_trail_fails_the_command_and_the_doctor_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    terminal = Terminal(
        tmp_path / "person", {"STIGMER_HOME": str(home), "STIGMER_PORT": str(free_ports(1)[0])}
    )
    assert terminal.apart("migrate").code == 0
    write = (
        "from executions import audit\nfor name in 'abcde': audit.record_account('log in', name,"
        " None)\n"
    )
    verify = (
        "from executions import audit; from executions.audit import guards; guards.install();"
        " audit.go_on()"
    )
    run_python(terminal, write)
    with closing(sqlite3.connect(home / "stigmer.sqlite3")) as shell:
        for name in ("update", "delete", "replace"):
            shell.execute(f"DROP TRIGGER stigmer_audit_no_{name}")
        shell.execute("UPDATE executions_auditentry SET actor_name = 'mallory' WHERE id = 2")
        shell.execute("DELETE FROM executions_auditentry WHERE id = 4")
        shell.commit()
    run_python(terminal, verify)
    before = {path: path.read_bytes() for path in home.iterdir() if path.is_file()}
    said = terminal.apart("audit", "verify")
    assert said.code == 1, said
    assert said.out.splitlines() == [
        "edited: Entry 2 (log in b) is not what was written.",
        "missing: Between entry 3 and entry 5 (log in e) at least one entry is missing.",
        "4 entries verified, 2 problems.",
    ]
    told = json.loads(terminal.apart("audit", "verify", "-o", "json").out)
    assert (told["whole"], told["entries"]) == (False, 4)
    assert [(problem["entry"], problem["how"]) for problem in told["problems"]] == [
        (2, "edited"),
        (5, "missing"),
    ]
    doctor = terminal.apart("doctor")
    assert "✗ audit trail" in doctor.out and "(2 problems are known)" in doctor.out, doctor
    assert {path: path.read_bytes() for path in home.iterdir() if path.is_file()} == before


def test_the_trail_is_listed_exported_and_a_break_acknowledged(tmp_path: Path) -> None:
    home = tmp_path / "home"
    terminal = Terminal(
        tmp_path / "person", {"STIGMER_HOME": str(home), "STIGMER_PORT": str(free_ports(1)[0])}
    )
    assert terminal.apart("migrate").code == 0
    write = (
        "from executions import audit; from django.contrib.auth.models import User\n"
        "User.objects.create_superuser('root')\n"
        "for name in ('ann', '=1+1', 'carl'): audit.record_account('log in', name, None)\n"
    )
    run_python(terminal, write)
    said = terminal.apart("audit", "list", "--who", "ann")
    assert re.fullmatch(r"1  \S+ \S+  ann  log in ann\n", said.out), said
    listed = json.loads(terminal.apart("audit", "list", "--since", "1h", "-o", "json").out)
    assert [item["who"] for item in listed["items"]] == ["carl", "=1+1", "ann"]
    table = terminal.apart("audit", "export").out
    assert '"\'=1+1"' in table and '"=1+1"' not in table
    assert len(json.loads(terminal.apart("audit", "export", "--format", "json").out)) == 3
    assert "rotate" not in terminal.apart("audit", "list", "--until", "1h").out
    assert "signs from now on" in terminal.apart("audit", "rotate-key").out
    with closing(sqlite3.connect(home / "stigmer.sqlite3")) as shell:
        shell.execute("DROP TRIGGER stigmer_audit_no_update")
        shell.execute("UPDATE executions_auditentry SET actor_name = 'mallory' WHERE id = 2")
        shell.commit()
    assert terminal.apart("migrate").code == 0
    assert terminal.apart("audit", "verify").code == 1
    how = ("--reason", "a drill", "--as", "root", "--yes")
    assert "Acknowledged with entry 5" in terminal.apart("audit", "acknowledge", *how).out
    said = terminal.apart("audit", "verify")
    assert (said.code, "acknowledged by root" in said.out) == (0, True), said
    assert terminal.apart("audit", "acknowledge", "--reason", "x", "--as", "nobody").code == 2
    assert terminal.apart("audit", "list", "--since", "yesterday").code == 2


def test_without_a_database_the_audit_trail_cannot_be_verified(tmp_path: Path) -> None:
    said = Terminal(tmp_path / "person", {"STIGMER_HOME": str(tmp_path / "home")}).apart(
        "audit", "verify"
    )
    assert said.code == 6, said
    assert (
        "`stigmer doctor` says what the database lacks" in said.err and "Traceback" not in said.err
    )
    assert not (tmp_path / "home").exists()


def run_python(terminal: Terminal, program: str) -> None:
    """A program of this installation, with its settings."""
    code = f"import django; django.setup()\n{program}"
    settings = terminal.environment(DJANGO_SETTINGS_MODULE="stigmer_site.settings")
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=settings, check=True, timeout=300)


def test_workspaces_are_listed_and_what_no_run_knows_is_removed(
    live_stigmer: LiveStigmer, tmp_path: Path
) -> None:
    # A folder that the workers do not look after: they would be faster.
    variables = {"STIGMER_HOME": str(live_stigmer.home), "STIGMER_WORKSPACE_FOLDER": str(tmp_path)}
    keeper = Terminal(tmp_path / "config", variables)
    folder = tmp_path / "nobody"
    (folder / "work").mkdir(parents=True)
    (folder / "work" / "file").write_text("x")
    os.utime(folder, (0, 0))
    dry = keeper.apart("workspaces", "clean", "--dry-run").out
    assert "nobody" in dry and "would be removed: no run knows it" in dry
    assert folder.is_dir()
    assert "removed: no run knows it" in keeper.apart("workspaces", "clean").out
    assert not folder.exists()
    assert json.loads(keeper.apart("workspaces", "list", "-o", "json").out) == {"items": []}
    assert keeper.apart("workspaces", "show", "wsp-01m8kf6etbe16sa7rh5r6770x5").code == 4
