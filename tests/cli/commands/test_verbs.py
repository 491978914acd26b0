"""Acting on runs of a live Stigmer."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
from pathlib import Path

import pytest

from tests.cli.commands.test_runs import id_in
from tests.cli.conftest import sign_in
from tests.cli.terminal import Terminal
from tests.live import ROOT, LiveStigmer, command

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
    said = demo("restore", failed, "--checkpoint", "0", "--reason", "test")
    assert said.code == 5, said
    assert demo("override", failed).code == 5


def test_support_goes_back_to_a_checkpoint_and_takes_that_back(
    demo: Terminal, live_stigmer: LiveStigmer, tmp_path: Path, failed: str
) -> None:
    support = sign_in(live_stigmer, tmp_path, "support")
    listed = json.loads(support("list", "checkpoints", "--of", failed, "-o", "json").out)["items"]
    seq = str(min(item["seq"] for item in listed))
    assert support("restore", failed, "--reason", "test").code == 2
    assert "--reason" in support("restore", failed, "--checkpoint", seq).err
    shown = support("restore", failed, "--checkpoint", "0", "--dry-run")
    assert shown.code == 0, shown
    assert "to the beginning: 0 finished steps stay, 2 steps run again." in shown.out
    assert (
        "No effect outside is repeated." in shown.out
        and "first" in shown.out
        and "breaks" in shown.out
    )
    unasked = support("restore", failed, "--checkpoint", seq, "--reason", "test")
    assert (unasked.code, phase_of(support, failed)) == (2, "FAILED"), unasked
    assert "--yes" in unasked.err and f"to checkpoint {seq}, first" in unasked.out
    restored = support(
        "restore", failed, "--checkpoint", seq, "--reason", "test", "--yes", "--follow"
    )
    assert restored.code == 7, restored
    assert "it goes on" in restored.out and "✗ breaks" in restored.out
    said = support("restore", failed, "--undo", "--reason", "it was the wrong run")
    assert said.code == 0, said


@pytest.mark.parametrize(("answer", "code", "phase"), [("n", 1, "FAILED"), ("y", 0, "")])
def test_a_restore_asks_the_person_at_the_terminal(
    demo: Terminal,
    live_stigmer: LiveStigmer,
    tmp_path: Path,
    failed: str,
    answer: str,
    code: int,
    phase: str,
) -> None:
    support = sign_in(live_stigmer, tmp_path, "support")
    person, terminal = pty.openpty()
    os.write(person, f"{answer}\n".encode())
    arguments = ("restore", failed, "--checkpoint", "0", "--reason", "test")
    done = subprocess.run(
        command(*arguments),
        cwd=ROOT,
        env=support.environment(),
        stdin=terminal,
        capture_output=True,
        text=True,
        timeout=300,
    )
    os.close(person)
    os.close(terminal)
    assert done.returncode == code, done
    assert f"Restore {failed}?" in done.stderr and "2 steps run again" in done.stdout
    assert ("Nothing was changed." in done.stderr) == (answer == "n")
    assert not phase or phase_of(support, failed) == phase


def test_a_run_goes_on_with_a_newer_version_after_a_look_at_it(demo: Terminal) -> None:
    head = (
        "document: {dsl: '1.0.0', namespace: cli, name: mended, version: '1.0.0'}\ndo:\n- first:"
        " {set: {a: 1}}\n"
    )
    bad = "{raise: {error: {type: https://example.org/broken, status: 400, title: It is broken}}}"
    texts = (
        f"{head}- second: {bad}\n",
        f"{head}- second: {{set: {{b: 2}}}}\n",
        head.replace("first", "other"),
    )
    demo("apply", "-f", "-", stdin=texts[0])
    run_id = id_in(demo("run", "workflow", "mended", "-f").out)
    for text in texts[1:]:
        assert demo("apply", "-f", "-", stdin=text).code == 0
    assert "--onto" in demo("recover", run_id, "--dry-run").err
    shown = demo("recover", run_id, "--onto", "2", "--dry-run")
    assert shown.code == 0, shown
    assert (
        "onto version 2 (now 1): it fits; 1 finished step stays." in shown.out
        and "second" in shown.out
    )
    misfit = demo("recover", run_id, "--onto", "3", "--dry-run")
    assert misfit.code == 3, misfit
    assert "  first: there is no such task any more" in misfit.out
    refused = demo("recover", run_id, "--onto", "3")
    assert refused.code == 3 and "/first (there is no such task any more)" in refused.err, refused
    assert demo("recover", run_id, "--onto", "9").code == 2
    mended = demo("recover", run_id, "--onto", "2", "--reason", "mended", "--follow")
    assert mended.code == 0, mended


def test_an_administrator_sets_a_failed_run_aside(
    demo: Terminal, live_stigmer: LiveStigmer, tmp_path: Path, failed: str
) -> None:
    admin = sign_in(live_stigmer, tmp_path, "admin")
    assert admin("override", failed).out == f"{failed}  FAILED; possible: CANCELLED.\n"
    assert admin("override", failed, "CANCELLED").code == 2
    refused = admin("override", failed, "PENDING", "--reason", "go on")
    assert refused.code == 3 and "Possible now: CANCELLED." in refused.err
    done = admin("override", failed, "CANCELLED", "--reason", "withdrawn")
    assert (done.code, done.out) == (0, f"{failed}  CANCELLED.\n"), done
    assert phase_of(demo, failed) == "CANCELLED"


def test_a_refusal_names_options_not_fields(demo: Terminal, failed: str) -> None:
    said = demo("retry", failed, "--reason", "x" * 301)
    assert (said.code, said.err) == (
        2,
        "stigmer: --reason: String should have at most 300 characters.\n",
    )
    said = demo("list", "executions", "--workflow", "x" * 341)
    assert (said.code, said.err) == (
        2,
        "stigmer: --workflow: String should have at most 340 characters.\n",
    )
    assert "--seq" in demo("retry", failed, "--seq", "9" * 30).err


def test_a_run_is_paused_resumed_and_terminated(demo: Terminal) -> None:
    with demo.start("run", "workflow", "waits", "--follow") as following:
        run_id = id_in(following.out.readline())
        line = ""
        while "first" not in line:
            line = following.out.readline()
        assert demo("pause", run_id).code == 0
        while "paused" not in line:
            line = following.out.readline()
        assert phase_of(demo, run_id) == "PAUSED"
        said = demo("resume", run_id)
        # A worker may have taken the run before the answer is read.
        assert re.match(rf"{run_id}  (PENDING|IN_PROGRESS|WAITING)", said.out), said
        assert demo("terminate", run_id).out == f"{run_id}  TERMINATED.\n"
        assert following.process.wait(30) == 7
        assert "TERMINATED after" in following.out.read()
