"""``emit`` and ``signal`` against a live Stigmer: its own workers find who listens."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.waiting import until

pytestmark = pytest.mark.processes
HEARS = """document: {dsl: '1.0.0', namespace: cli, name: hears, version: '1.0.0'}
do:
- order: {listen: {to: {one: {with: {type: cli.order, subject: '${ .order }'}}}}}
- go: {listen: {to: {one: {with: {type: io.stigmer.signal, subject: go}}}}}
"""


def run_of(terminal: Terminal, tmp_path: Path, order: str) -> str:
    (tmp_path / "hears.yaml").write_text(HEARS)
    assert terminal("apply", "-f", str(tmp_path / "hears.yaml")).code == 0
    said = terminal("run", "workflow", "hears", "-i", f'order="{order}"', "-o", "json")
    assert said.code == 0, said
    found: str = json.loads(said.out)["id"]
    return found


def step_of(terminal: Terminal, run: str) -> str:
    """At which step it stands, and in which phase."""
    status = json.loads(terminal("get", run, "-o", "json").out)["status"]
    return f"{status['phase']} {status['current_step']}"


def test_a_run_goes_on_by_an_event_and_a_signal(demo: Terminal, tmp_path: Path) -> None:
    order = uuid.uuid4().hex
    run = run_of(demo, tmp_path, order)
    until(lambda: step_of(demo, run) == "WAITING /order", what="it listens", seconds=60)
    assert "for an event" in demo("describe", run).out
    said = demo("emit", "cli.order", "--data", '{"n": 1}', "--subject", order, "--id", order)
    assert said.code == 0, said
    assert " is kept." in said.out
    again = demo("emit", "cli.order", "--subject", order, "--id", order)
    assert "it was known already" in again.out
    until(lambda: step_of(demo, run) == "WAITING /go", what="it heard it", seconds=60)
    said = demo("signal", run, "go", "--payload", '{"by": "me"}', "--key", order)
    assert (said.code, said.out) == (0, f"{run} is sent go.\n")
    until(lambda: step_of(demo, run).startswith("COMPLETED"), what="it ends", seconds=60)
    late = demo("signal", run, "go")
    assert late.code != 0
    assert "COMPLETED" in late.err
    listed = json.loads(demo("list", "events", "-o", "json").out)
    assert order in json.dumps(listed)


def test_what_is_no_event_is_explained(demo: Terminal) -> None:
    said = demo("emit", "io.stigmer.signal")
    assert said.code != 0
    assert "Stigmer's own" in said.err
