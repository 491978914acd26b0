"""Commands: what is run, what it sees, what is made of its end, and that nothing of it is left."""

from __future__ import annotations

import shutil
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from executions.calls.command import step
from executions.calls.context import Cancellation, Deadline, StepContext
from executions.calls.outcome import Done, Fail, Outcome
from executions.mind.heard import Heard
from executions.sandbox import confine, walls
from executions.sandbox.promises import RISKS
from executions.secrets import Secrets
from tests.processes import named
from tests.waiting import until

needs_walls = pytest.mark.skipif(walls.bubblewrap() is None, reason="bubblewrap is not installed")
MIB = 1024 * 1024


class Ear:
    """Who follows a command."""

    def __init__(self) -> None:
        self.text = ""
        self.is_over = False

    def begin(self) -> None:
        self.text = ""

    def hear(self, heard: Heard) -> None:
        self.text += heard.text

    def end(self) -> None:
        self.is_over = True


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where places are made: what the sandbox promises is tried once for all tests."""
    return tmp_path_factory.mktemp("workspaces")


def context(folder: Path, **given: Any) -> StepContext:
    limits = {
        "is_on": True,
        "may": RISKS,
        "folder": folder,
        "hidden": folder,
        "memory_bytes": 512 * MIB,
        "disk_bytes": 64 * MIB,
        "value_bytes": MIB,
    } | given.pop("limits", {})
    return StepContext(
        execution_id="wex-1",
        correlation_id="correlation",
        path="/it",
        attempt=1,
        idempotency_key="wex-1/it~1",
        deadline=Deadline(given.pop("seconds", 60)),
        secrets=Secrets({}, "nonce12345"),
        limits=limits,
        **given,
    )


def run(folder: Path, arguments: dict[str, Any], **given: Any) -> Outcome:
    return step.run(arguments, context(folder, **given))


def shell(folder: Path, command: str, *words: Any, **given: Any) -> Outcome:
    asked = {"shell": {"command": command, "arguments": list(words)}, "return": "all"}
    return run(folder, asked, **given)


def done(outcome: Outcome) -> Any:
    assert isinstance(outcome, Done), outcome
    return outcome.output


def failed(outcome: Outcome) -> Fail:
    assert isinstance(outcome, Fail), outcome
    return outcome


def test_a_line_runs_in_the_shell_and_its_arguments_are_read_by_none(folder: Path) -> None:
    words = ["a b", "$(id)", "; exit 9", "*", 7, {"x": None}]
    said = done(shell(folder, "printf '%s\\n'", *words))
    assert said["stdout"].split("\n") == ["a b", "$(id)", "; exit 9", "*", "7", '{"x": null}']


@pytest.mark.parametrize(
    ("returned", "value"),
    [
        ("stdout", "out"),
        ("stderr", "err"),
        ("code", 0),
        ("none", None),
        ("all", {"code": 0, "stdout": "out", "stderr": "err"}),
    ],
)
def test_it_gives_what_it_is_asked_to_return(folder: Path, returned: str, value: Any) -> None:
    asked = {"shell": {"command": "echo out; echo err >&2"}, "return": returned}
    assert done(run(folder, asked)) == value


def test_it_reads_its_input_and_the_variables_that_the_task_names_and_none_of_ours(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STIGMER_SECRET_KEY", "ours")
    asked = {
        "shell": {"command": "cat; env", "stdin": {"x": 1}, "environment": {"NAME": "it", "N": 3}}
    }
    lines = done(run(folder, asked)).split("\n")
    assert lines[0].startswith('{"x": 1}')
    variables = dict(
        line.split("=", 1) for line in [lines[0].removeprefix('{"x": 1}'), *lines[1:]] if line
    )
    assert {"NAME", "N", "PATH", "HOME"} <= set(variables)
    known = {"NAME", "N", "PATH", "HOME", "TMPDIR", "LANG", "USER", "PWD", "OLDPWD", "_", "SHLVL"}
    known |= set() if walls.bubblewrap() else {"STIGMER_COMMAND", "GIT_CONFIG_NOSYSTEM"}
    assert set(variables) <= known, "nothing of the worker's environment"


@pytest.mark.parametrize(
    ("codes", "code", "is_transient"), [({}, 3, False), ({}, 75, True), ({"retry": [3]}, 3, True)]
)
def test_an_exit_code_is_a_failure_by_rule(
    folder: Path, codes: dict[str, Any], code: int, is_transient: bool
) -> None:
    asked = {"shell": {"command": f"echo why >&2; exit {code}"}}
    meant = {"ok": [0], "retry": [75]} | codes
    outcome = failed(run(folder, asked | {"exitCodes": meant}))
    assert outcome.error.detail == f"Exit code {code}: why"
    assert outcome.transient is is_transient
    assert outcome.rule == f"exit code {code}"


def test_an_exit_code_that_is_asked_for_is_no_failure(folder: Path) -> None:
    assert done(shell(folder, "exit 3"))["code"] == 3
    assert done(run(folder, {"shell": {"command": "exit 3"}, "return": "code"})) == 3
    asked = {"shell": {"command": "exit 3"}, "exitCodes": {"ok": [0, 3]}}
    assert done(run(folder, asked)) == ""


def test_a_python_program_has_its_arguments_as_variables_or_as_words(folder: Path) -> None:
    code = "import sys\nprint(name, count + 1, sys.argv[1:])"
    script = {"language": "python", "code": code, "arguments": {"name": "it", "count": 2}}
    assert done(run(folder, {"script": script})) == "it 3 []"
    words = {"language": "python", "code": "import sys; print(sys.argv[1:])", "arguments": ["a b"]}
    assert done(run(folder, {"script": words})) == "['a b']"


def test_a_program_that_fails_shows_its_own_lines(folder: Path) -> None:
    script = {"language": "python", "code": "x = 1\nraise ValueError('no')"}
    outcome = failed(run(folder, {"script": script}))
    assert outcome.error.detail == "Exit code 1: ValueError: no"
    assert "program.py" in outcome.log
    assert "line 2" in outcome.log


@pytest.mark.skipif(shutil.which("node", path=walls.PATH) is None, reason="no node")
@pytest.mark.parametrize("language", ["javascript", "js"])
def test_a_javascript_program_has_its_arguments_too(folder: Path, language: str) -> None:
    code, arguments = "console.log(name, count + 1)", {"name": "it", "count": 2}
    script = {"language": language, "code": code, "arguments": arguments}
    # Node reserves more than it uses.
    outcome = run(folder, {"script": script}, limits={"memory_bytes": 1024 * MIB})
    assert done(outcome) == "it 3"


def test_past_its_time_it_is_ended_with_all_that_it_started(folder: Path) -> None:
    line = "setsid sleep 7391 & setsid sh -c 'sleep 7391' & sleep 7391"
    outcome = failed(shell(folder, line, seconds=1))
    assert outcome.error.type.endswith("/timeout")
    assert outcome.transient
    assert not named("7391")


def test_what_it_left_in_the_background_ends_with_it(folder: Path) -> None:
    assert done(shell(folder, "setsid sleep 7392 & echo x"))["stdout"] == "x"
    assert not named("7392")


def test_cancelled_it_is_ended_with_all_that_it_started(folder: Path) -> None:
    cancellation, ear = Cancellation(), Ear()

    def cancel() -> None:
        until(lambda: ear.text == "x\n", what="heard")
        cancellation.request()

    timer = Timer(0, cancel)
    timer.start()
    line = "setsid sleep 7393 & echo x; sleep 7393"
    outcome = failed(shell(folder, line, cancellation=cancellation, audience=ear))
    timer.join()
    assert outcome.rule == "command ended: stopped"
    assert ear.is_over
    assert not named("7393")


def test_what_it_writes_is_heard_as_it_comes_and_kept_as_text_that_does_nothing(
    folder: Path,
) -> None:
    ear = Ear()
    line = r"printf '\033[31mred\033[0m\033]0;title\007\r\nnext\a\b'"
    outcome = shell(folder, line, audience=ear)
    assert ear.text == "red\nnext"
    assert isinstance(outcome, Done)
    assert outcome.log == "red\nnext"


def test_of_too_much_output_the_beginning_and_the_end_are_kept_and_it_says_so(
    folder: Path,
) -> None:
    asked = {"shell": {"command": "seq 1 1000000"}}
    text = done(run(folder, asked))
    assert text.startswith("1\n2\n")
    assert text.endswith("999999\n1000000")
    assert "bytes are left out here" in text


SHARED = """import mmap, time
block = mmap.mmap(-1, 200 << 20)
for at in range(0, 200 << 20, 1 << 20): block[at : at + (1 << 20)] = b"x" * (1 << 20)
time.sleep(60)
"""
UNNAMED = """import os, time
for each in range(25): os.write(os.memfd_create("x"), b"x" * (8 << 20))
time.sleep(60)
"""


@pytest.mark.parametrize(
    "task",
    [
        {"shell": {"command": "head -c 200m /dev/zero | tail -c 200m | sleep 60"}},
        {"script": {"language": "python", "code": SHARED}},
        {"script": {"language": "python", "code": UNNAMED}},
    ],
)
def test_a_command_that_takes_too_much_memory_is_ended(folder: Path, task: Any) -> None:
    outcome = failed(run(folder, task, limits={"memory_bytes": 64 * MIB}))
    assert "STIGMER_MEMORY_BYTES" in outcome.error.detail
    assert not outcome.transient


@pytest.mark.parametrize(
    "line",
    [
        "for i in $(seq 20); do head -c 4m /dev/zero > $i; done; sleep 60",
        "cd $TMPDIR; for i in $(seq 20); do head -c 4m /dev/zero > $i; done; sleep 60",
        "for i in 3 4 5 6 7 8 9; do eval exec $i'>file'; rm file; head -c 4m /dev/zero >&$i; done;"
        " sleep 60",
    ],
)
def test_a_command_that_takes_too_much_disk_is_ended(folder: Path, line: str) -> None:
    outcome = failed(shell(folder, line, limits={"disk_bytes": 16 * MIB}))
    assert "STIGMER_WORKSPACE_BYTES" in outcome.error.detail
    assert list(folder.glob("passing-*")) == []


def test_a_command_that_does_not_exist_has_done_nothing(folder: Path) -> None:
    outcome = failed(run(folder, {"shell": {"command": "no-such-program"}}))
    assert outcome.error.detail.startswith("Exit code 127")


@needs_walls
def test_it_sees_nothing_of_the_server(folder: Path) -> None:
    (folder / "secret-key").write_text("canary")
    line = f"cat {folder}/secret-key /etc/shadow; ls /root /home; cut -s -d: -f1 /proc/net/dev"
    said = done(shell(folder, line))
    assert "canary" not in said["stdout"] + said["stderr"]
    assert "root:" not in said["stdout"]
    assert said["stdout"].split()[-1] == "lo", "a network of its own that leads nowhere"


@needs_walls
@pytest.mark.parametrize("name", ["LD_PRELOAD", "LD_LIBRARY_PATH", "PATH", "BASH_ENV"])
def test_a_variable_of_the_task_reaches_nothing_outside_the_walls(folder: Path, name: str) -> None:
    asked = {"shell": {"command": "/bin/echo fine", "environment": {name: str(folder)}}}
    assert done(run(folder, asked)) == "fine"


def test_without_walls_nothing_is_run_unless_the_risks_are_accepted_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walls, "bubblewrap", lambda: None)
    monkeypatch.setattr(confine, "is_possible", lambda: False)
    outcome = failed(shell(tmp_path, "echo x", limits={"may": []}))
    assert not outcome.effect_possible
    assert outcome.error.type.endswith("/configuration")
    assert "bubblewrap is not installed" in outcome.error.detail
    assert "STIGMER_COMMANDS_MAY=reach-the-network," in outcome.error.detail
    assert done(shell(tmp_path, "echo x"))["stdout"] == "x"
    script = {"language": "python", "code": "print(name)", "arguments": {"name": "it"}}
    assert done(run(tmp_path, {"script": script})) == "it"


def test_turned_off_nothing_is_run(folder: Path) -> None:
    outcome = failed(shell(folder, "echo x", limits={"is_on": False}))
    assert "STIGMER_COMMANDS_MAY=off" in outcome.error.detail


def test_one_that_nobody_waits_for_ends_with_the_worker(folder: Path) -> None:
    asked = {"shell": {"command": "sleep 7394"}, "await": False}
    assert done(run(folder, asked)) is None
    until(lambda: named("7394"), what="begun")
    step.close()
    assert not named("7394")
