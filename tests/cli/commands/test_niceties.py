"""What makes the command pleasant: completion, suggestions, names for other commands, and never a
list that ends without saying so.
"""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from executions.cli.display.screen import print_table
from executions.cli.exits import CommandError
from executions.cli.moments import moment_of
from tests.cli.terminal import Terminal

pytestmark = pytest.mark.processes
SETS = """document: {dsl: '1.0.0', namespace: cli, name: %s, version: '1.0.0'}
do: [{one: {set: {n: 1}}}, {two: {set: {n: 2}}}, {three: {wait: {seconds: 1}}}]
"""
ASKS = """document: {dsl: '1.0.0', namespace: cli, name: %s, version: '1.0.0'}
do: [{ask: {call: human, with: {prompt: Ship it?, approvers: {users: [demo]}}}}]
"""


@pytest.fixture
def name() -> str:
    return f"nice-{uuid.uuid4().hex[:8]}"


def applied(demo: Terminal, tmp_path: Path, name: str, text: str = SETS) -> None:
    (tmp_path / "it.yaml").write_text(text % name)
    assert demo("apply", "-f", str(tmp_path / "it.yaml")).code == 0


def test_a_list_that_is_cut_says_so_and_names_can_be_piped(
    demo: Terminal, tmp_path: Path, name: str
) -> None:
    applied(demo, tmp_path, name)
    for _ in range(2):
        assert demo("run", "workflow", name, "--follow").code == 0
    cut = demo("list", "executions", "--workflow", name, "--limit", "1", "-o", "name")
    assert cut.err.startswith("There are more than these 1")
    assert cut.out.startswith("wex-") and len(cut.out.split()) == 1
    whole = demo("list", "executions", "--workflow", name, "--since", "1h", "-o", "name")
    assert len(whole.out.split()) == 2 and not whole.err
    assert demo("list", "workflows", "--since", "1h").code == 2
    found = demo("search", f"workflow:{name}", "-o", "name")
    assert found.out == whole.out
    assert demo("get", "workflow", name, "-o", "name").out == f"{name}\n"
    run = cut.out.strip()
    last = demo("logs", run, "--tail", "1").out.splitlines()
    assert len(last) == 1 and "completed" in last[0]
    assert demo("logs", run, "--since", "1h").out == demo("logs", run).out
    assert demo("logs", run, "--since", "2020-01-01").out == demo("logs", run).out
    assert demo("logs", run, "--since", "soon").code == 2


@pytest.mark.parametrize(
    "verb", [("get", "workflow"), ("describe", "workflow"), ("run", "workflow")]
)
def test_a_name_that_is_misspelt_is_suggested(
    verb: tuple[str, str], demo: Terminal, tmp_path: Path, name: str
) -> None:
    applied(demo, tmp_path, name)
    said = demo(*verb, name[:-1])
    assert said.code == 4 and f"Did you mean {name}?" in said.err
    assert "Did you mean" not in demo(*verb, "zzzzzz").err


def test_yes_is_a_command(demo: Terminal, tmp_path: Path, name: str) -> None:
    applied(demo, tmp_path, name, ASKS)
    run = demo("run", "workflow", name).out.split()[0]
    from tests.waiting import until

    until(lambda: "ask-" in demo("list", "approvals", "-o", "name").out, what="it asks")
    (ask,) = [
        line.split()[0]
        for line in demo("list", "approvals").out.splitlines()
        if run in line or "Ship it?" in line
    ]
    said = demo("approve", ask, "-m", "fine")
    assert said.code == 0 and said.out.endswith("approve\n")


def test_a_first_workflow_and_agent_are_good_and_overwrite_nothing(
    demo: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for kind in ("workflow", "agent"):
        made = demo("new", kind, f"{kind}-{name}")
        assert made.code == 0, made
        file = tmp_path / f"{kind}-{name}.yaml"
        assert demo("validate", str(file)).code == 0, demo("validate", str(file))
        file.write_text("mine")
        assert demo("new", kind, f"{kind}-{name}").code == 3
        assert file.read_text() == "mine"
    assert demo("new", "workflow", "../x").code == 2
    assert demo("new", "workflow", f"run-{name}").code == 0
    assert demo("apply", "-f", f"run-{name}.yaml").code == 0
    went = demo("run", "workflow", f"run-{name}", "-i", "who=Ada", "--follow")
    assert went.code == 0, went


def test_the_server_says_how_it_is(demo: Terminal) -> None:
    said = demo("server", "status")
    assert said.code == 0 and " is ready." in said.out and "database" in said.out
    assert '"checks"' in demo("server", "status", "-o", "json").out
    away = demo("server", "status", "--server", "http://127.0.0.1:9")
    assert away.code == 6 and "cannot be reached" in away.err


def test_a_shell_completes_kinds_names_and_ids(demo: Terminal, tmp_path: Path, name: str) -> None:
    applied(demo, tmp_path, name)
    words = {"_STIGMER_COMPLETE": "complete_bash", "COMP_CWORD": "2"}
    kinds = demo.apart(**words, COMP_WORDS="stigmer list work").out.split()
    assert kinds == ["workflows", "workers"]
    words["COMP_CWORD"] = "3"
    names = demo.apart(**words, COMP_WORDS=f"stigmer get workflow {name[:-2]}").out.split()
    assert names == [name]
    run = demo("run", "workflow", name).out.split()[0]
    words["COMP_CWORD"] = "2"
    assert run in demo.apart(**words, COMP_WORDS=f"stigmer logs {run[:-3]}").out.split()
    # Where nobody is signed in a shell is offered nothing, and told nothing.
    alone = Terminal(tmp_path / "nobody").apart(**words, COMP_WORDS="stigmer logs wex-")
    assert (alone.out.strip(), alone.err) == ("", "")


@pytest.mark.parametrize("text", ["", "x", "5", "5y", "99999999999d", "999999w", "2026-13-01"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(CommandError):
        moment_of(text)


def test_a_moment_without_a_zone_is_meant_in_the_zone_that_is_named() -> None:
    zone = timezone(timedelta(hours=5))
    meant = datetime(2026, 11, 29, 9, 5, tzinfo=UTC)
    assert moment_of("2026-11-29T14:05", zone) == meant
    assert moment_of("2026-11-29T09:05+00:00", zone) == meant


def test_columns_that_do_not_fit_are_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from io import StringIO

    from rich.console import Console

    narrow = Console(file=StringIO(), width=20, force_terminal=True, color_system=None)
    monkeypatch.setattr("executions.cli.display.screen.console", lambda: narrow)
    print_table(["ID", "REASON", "WHO"], [["x" * 12, "y" * 30, "z"]])
    assert "Too narrow for REASON, WHO" in capsys.readouterr().err


def test_lists_with_commands_of_their_own_are_wide_and_say_that_there_is_more(
    demo: Terminal, tmp_path: Path, name: str
) -> None:
    applied(demo, tmp_path, name)
    for number in "12":
        made = demo("schedules", "create", f"{name}-{number}", "--workflow", name, "--every", "1h")
        assert made.code == 0, made
    for command in (("schedules", "list"), ("list", "schedules")):
        cut = demo(*command, "--limit", "1", "-o", "wide")
        assert cut.err.startswith("There are more than these 1"), command
        assert name in cut.out and "RUN" in cut.out.splitlines()[0]
        assert not demo(*command, "--limit", "1000", "-o", "name").err
    for number in "12":
        assert demo("delete", "schedule", f"{name}-{number}", "--yes").code == 0


def test_workers_are_listed_and_drained_by_administrators_alone(demo: Terminal) -> None:
    listed = demo("workers", "list")
    found = re.search(r"wrk-[0-9a-z]{26}", listed.out)
    assert found is not None, listed
    assert "active" in demo("list", "workers").out
    refused = demo("workers", "drain", found[0])
    assert refused.code != 0 and refused.err
