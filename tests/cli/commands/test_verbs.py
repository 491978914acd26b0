"""Acting on runs of a live Stigmer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.commands.test_runs import id_in
from tests.cli.conftest import sign_in
from tests.cli.terminal import Terminal
from tests.live import LiveStigmer

pytestmark = pytest.mark.processes


@pytest.fixture
def failed(demo: Terminal) -> str:
    """A run that stopped at its second step."""
    said = demo("run", "workflow", "stops", "-f")
    assert said.code == 7, said
    return id_in(said.out)


def phase_of(terminal: Terminal, run_id: str) -> str:
    return str(json.loads(terminal("get", run_id, "-o", "json").out)["status"]["phase"])


def test_retry_tries_again_and_skip_goes_on_without_the_step(demo: Terminal, failed: str) -> None:
    again = demo("retry", failed, "--reason", "perhaps it passed", "--follow")
    assert again.code == 7, again
    assert "it goes on at breaks; 1 finished step is kept" in again.out
    assert "↺ retry: perhaps it passed (by demo)" in again.out and "✓ first" not in again.out
    skipped = demo("skip", failed, "-f")
    assert skipped.code == 0, skipped
    assert "» breaks: skipped (by demo)" in skipped.out and "✓ last" in skipped.out


def test_recover_answers_with_what_it_led_to(demo: Terminal, failed: str) -> None:
    said = demo("recover", failed, "-o", "json")
    assert said.code == 0, said
    answer = json.loads(said.out)
    assert answer["execution_id"] == failed and answer["kept"] == 1 and answer["next_step"]


def test_a_stale_sequence_is_refused_with_what_it_is_now(demo: Terminal, failed: str) -> None:
    said = demo("retry", failed, "--seq", "1")
    assert said.code == 3, said
    assert "FAILED" in said.err and said.err.startswith("stigmer: ") and said.err.count("\n") == 1
    assert phase_of(demo, failed) == "FAILED"


def test_a_verb_in_the_wrong_phase_is_refused_with_the_phase(demo: Terminal) -> None:
    run_id = id_in(demo("run", "workflow", "greet", "-i", "name=Ann", "-f").out)
    said = demo("retry", run_id)
    assert said.code == 3, said
    assert "COMPLETED" in said.err


def test_what_only_support_may_do_is_forbidden_to_the_owner(demo: Terminal, failed: str) -> None:
    said = demo("restore", failed, "--to", "1", "--reason", "test")
    assert said.code == 5, said


def test_support_goes_back_to_a_checkpoint_and_takes_that_back(
    demo: Terminal, live_stigmer: LiveStigmer, tmp_path: Path, failed: str
) -> None:
    support = sign_in(live_stigmer, tmp_path, "support")
    listed = json.loads(support("list", "checkpoints", "--of", failed, "-o", "json").out)["items"]
    seq = str(min(item["seq"] for item in listed))
    assert support("restore", failed, "--reason", "test").code == 2
    restored = support("restore", failed, "--to", seq, "--reason", "test", "--follow")
    assert restored.code == 7, restored
    assert "it goes on" in restored.out and "✗ breaks" in restored.out
    said = support("restore", failed, "--undo", "--reason", "it was the wrong run")
    assert said.code == 0, said


def test_a_run_is_paused_resumed_and_terminated(demo: Terminal) -> None:
    started = demo.start("run", "workflow", "waits", "--follow")
    assert started.stdout is not None and started.stderr is not None
    run_id = id_in(started.stdout.readline())
    line = ""
    while "first" not in line:
        line = started.stdout.readline()
    assert demo("pause", run_id).code == 0
    while "paused" not in line:
        line = started.stdout.readline()
    assert phase_of(demo, run_id) == "PAUSED"
    assert demo("resume", run_id).out.startswith(f"{run_id}  PENDING")
    assert demo("terminate", run_id).out == f"{run_id}  TERMINATED.\n"
    assert started.wait(30) == 7
    assert "TERMINATED after" in started.stdout.read()
    started.stdout.close()
    started.stderr.close()
