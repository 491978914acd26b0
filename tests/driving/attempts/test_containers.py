"""``run: container``: a program in a container of an image that the operator allows."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from executions.calls.command import beside
from executions.language import DefinitionError
from executions.models import Attempt
from executions.sandbox import engines
from executions.sandbox.promises import RISKS
from tests.sandbox import podman
from tests.sandbox.podman import ECHO, IMAGE
from tests.waiting import until

pytestmark = [pytest.mark.django_db, pytest.mark.database]
ALLOWED = [*RISKS, f"{engines.RUN_IMAGE}localhost/box:*"]


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return podman.made(tmp_path_factory.mktemp("podman"))


@pytest.fixture(autouse=True)
def surroundings(settings: Any, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    settings.STIGMER_WORKSPACE_FOLDER = tmp_path_factory.getbasetemp() / "contained"
    settings.STIGMER_ARTIFACTS = tmp_path / "artifacts"
    settings.STIGMER_COMMANDS_MAY = ALLOWED


@pytest.fixture
def engine(programs: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The programs are found here; no container is left by the test."""
    monkeypatch.setattr(engines, "PROGRAMS", str(programs))
    yield programs
    assert podman.names(programs) == []


def test_a_line_gets_its_words_variables_input_and_the_folder_of_the_run(
    begin: Any, drive: Any, engine: Path
) -> None:
    tasks = f"""workspace: temporary
do:
- before: {{run: {{shell: {{command: echo from outside > file}}}}}}
- inside:
    run:
      container:
        image: {IMAGE}
        command: 'cat file; cat; echo "$1 $2 $LEVEL"; echo from inside > other; echo no >&2'
        arguments: ['${{ "a b" }}', two]
        environment: {{LEVEL: '${{ 1 + 2 }}'}}
        stdin: given
        lifetime: {{cleanup: always}}
      return: all
- after: {{run: {{shell: {{command: cat other}}}}}}
"""
    execution = drive(begin(tasks))
    assert (execution.phase, execution.output) == ("COMPLETED", "from inside"), execution.error
    (attempt,) = Attempt.objects.filter(step__execution=execution, step__name="inside")
    assert "from outside" in attempt.log and "a b two 3" in attempt.log and "no" in attempt.log


def test_without_a_line_the_words_go_to_the_program_of_the_image(
    begin: Any, drive: Any, engine: Path
) -> None:
    run = f"container: {{image: {ECHO}, arguments: [/bin/sh, -c, '$HOME']}}"
    execution = drive(begin(f"do:\n- a: {{run: {{{run}}}}}\n"))
    assert (execution.phase, execution.output) == ("COMPLETED", "/bin/sh -c $HOME")


def test_it_reaches_no_network_has_no_rights_and_writes_to_its_folders_alone(
    begin: Any, drive: Any, engine: Path
) -> None:
    line = (
        "ls /sys/class/net; grep CapEff /proc/self/status; (touch /x) 2>/dev/null || echo kept;"
        " touch x $HOME/x && cd /tmp && touch x && echo wrote"
    )
    run = f"container: {{image: {IMAGE}, command: '{line}'}}"
    execution = drive(begin(f"do:\n- a: {{run: {{{run}}}}}\n"))
    assert execution.phase == "COMPLETED", execution.error
    said = execution.output.split()
    assert said[0] == "lo" and said[1:5] == ["CapEff:", "0" * 16, "kept", "wrote"], said


def test_exit_codes_count_as_those_of_a_command(begin: Any, drive: Any, engine: Path) -> None:
    run = f"container: {{image: {IMAGE}, command: 'echo wrong >&2; exit 3'}}"
    execution = drive(begin(f"do:\n- a: {{run: {{{run}}}}}\n"))
    assert execution.phase == "FAILED"
    assert execution.error["detail"] == "Exit code 3: wrong"
    execution = drive(begin(f"do:\n- a: {{run: {{{run}, return: code}}}}\n", name="two"))
    assert execution.output == 3


def test_what_takes_more_memory_than_it_may_is_killed(
    begin: Any, drive: Any, engine: Path, settings: Any
) -> None:
    settings.STIGMER_COMMAND_MEMORY_BYTES = 48 * 1024**2
    line = "dd if=/dev/zero of=/dev/null bs=200M count=1"
    run = f"container: {{image: {IMAGE}, command: '{line}'}}"
    execution = drive(begin(f"do:\n- a: {{run: {{{run}}}}}\n"))
    assert execution.phase == "FAILED"
    assert "Exit code 137 (signal 9)" in execution.error["detail"]


def test_at_its_time_limit_all_of_it_is_ended(begin: Any, drive: Any, engine: Path) -> None:
    run = f"container: {{image: {IMAGE}, command: 'sleep 600 & sleep 600'}}"
    tasks = f"do:\n- a: {{run: {{{run}}}, metadata: {{attemptTimeout: {{seconds: 3}}}}}}\n"
    execution = drive(begin(tasks))
    assert execution.phase == "FAILED"
    assert "did not end within 3 s" in execution.error["detail"]


def test_one_that_nobody_waits_for_ends_with_its_run(begin: Any, drive: Any, engine: Path) -> None:
    run = f"container: {{image: {IMAGE}, command: sleep 600}}, await: false"
    execution = drive(begin(f"do:\n- a: {{run: {{{run}}}}}\n- b: {{wait: {{hours: 1}}}}\n"))
    until(lambda: podman.names(engine), what="it runs")
    beside.end_those_of({execution.public_id})
    until(lambda: not beside.runs(), what="it has ended")


def test_it_is_ended_where_its_keeper_is_killed(begin: Any, drive: Any, engine: Path) -> None:
    run = f"container: {{image: {IMAGE}, command: sleep 600}}"
    tasks = f"do:\n- a: {{run: {{{run}}}, metadata: {{effect: at_most_once}}}}\n"
    execution = begin(tasks)
    killed: list[int] = []

    def kill() -> None:
        until(lambda: podman.names(engine), what="it runs")
        for process in psutil.Process().children(recursive=True):
            if "keeper.py" in " ".join(process.cmdline()):
                os.kill(process.pid, signal.SIGKILL)
                killed.append(process.pid)

    thread = threading.Thread(target=kill)
    thread.start()
    execution = drive(execution)
    thread.join()
    assert killed, "there was a keeper"
    until(lambda: podman.names(engine) == [], what="the container is gone")


def test_what_a_dead_worker_left_is_found_by_its_name_and_what_a_living_one_runs_stays(
    engine: Path,
) -> None:
    dead = subprocess.Popen(["/bin/true"])
    dead.wait()
    beginning = f"stigmer-{engines._system()}-"
    names = [f"{beginning}{dead.pid}-1-aa", f"{beginning}{engines._process()}-bb", "other"]
    program = str(engine / "podman")
    try:
        for name in names:
            argv = [program, "run", "--detach", "--network", "none", "--name", name]
            argv += ["--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096"]
            subprocess.run([*argv, IMAGE, "/bin/sleep", "600"], check=True, capture_output=True)
        assert engines.end_of_the_dead(ALLOWED) == 1
        assert sorted(podman.names(engine)) == sorted(names[1:])
    finally:
        subprocess.run(
            [program, "rm", "--force", "--ignore", *names], capture_output=True, check=False
        )


def test_an_image_that_is_not_there_is_said(begin: Any, drive: Any, engine: Path) -> None:
    run = "container: {image: 'localhost/box:none', command: ls}"
    execution = drive(begin(f"do:\n- a: {{run: {{{run}}}}}\n"))
    assert execution.phase == "FAILED"
    assert "The container could not be run: " in execution.error["detail"]


@pytest.mark.parametrize(
    ("image", "may", "said"),
    [
        (IMAGE, RISKS, "the operator names the images"),
        ("docker.io/library/alpine:3", ALLOWED, "may not be run. Named are: localhost/box:*"),
        ("--privileged", [*RISKS, f"{engines.RUN_IMAGE}*"], "may not be run"),
        ("localhost/box:1 --privileged", [*RISKS, f"{engines.RUN_IMAGE}*"], "may not be run"),
    ],
)
def test_only_images_that_the_operator_names_are_run(
    begin: Any, drive: Any, engine: Path, settings: Any, image: str, may: list[str], said: str
) -> None:
    settings.STIGMER_COMMANDS_MAY = list(may)
    run = f"container: {{image: '{image}', command: ls}}"
    execution = drive(begin(f"do:\n- a: {{run: {{{run}}}}}\n"))
    assert execution.phase == "FAILED"
    assert said in execution.error["detail"]


@pytest.mark.parametrize(
    ("variable", "said"), [('{A: "b\\nc"}', "no line break"), ("{'A=B': c}", "no name")]
)
def test_a_variable_that_would_be_another_one_is_refused(
    begin: Any, drive: Any, engine: Path, variable: str, said: str
) -> None:
    run = f"container: {{image: {IMAGE}, command: env, environment: {variable}}}"
    execution = drive(begin(f"do:\n- a: {{run: {{{run}}}}}\n"))
    assert execution.phase == "FAILED"
    assert said in execution.error["detail"]


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("name: mine", "Stigmer names a container"),
        ("ports: {'80': 80}", "nobody reaches a container"),
        ("volumes: {/etc: /etc}", "no other folder of the host"),
        ("lifetime: {cleanup: never}", "removed as it ends"),
        ("pullPolicy: always", "is fetched"),
        ("environment: {K: '${ $secrets.key }'}", "a secret cannot stand here"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(begin: Any, field: str, said: str) -> None:
    tasks = f"do:\n- a: {{run: {{container: {{image: {IMAGE}, {field}}}}}}}\n"
    with pytest.raises(DefinitionError, match=said):
        begin(("use: {secrets: [key]}\n" if "secrets" in field else "") + tasks)


def test_docker_is_used_only_by_an_operator_who_says_that_it_equals_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker = shutil.which("docker")
    if docker is None:
        pytest.skip("docker is not installed")
    (tmp_path / "docker").symlink_to(docker)
    monkeypatch.setattr(engines, "PROGRAMS", str(tmp_path))
    said = engines.containers(ALLOWED).why
    assert "whose socket equals root" in said and engines.DOCKER_IS_ROOT in said
    found = engines.containers([*ALLOWED, engines.DOCKER_IS_ROOT])
    assert found.engine is not None or "docker" in found.why


def test_a_host_without_an_engine_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "PROGRAMS", str(tmp_path))
    assert engines.containers(ALLOWED).why.endswith("podman is not installed.")


WORKER = """
import sys
from pathlib import Path
from executions.isolation.visit import Seconds
from executions.sandbox import Command, Limits, engines, run
from executions.sandbox.places import passing

engines.PROGRAMS, folder, image = sys.argv[1:]
engine = engines.containers([f"{engines.RUN_IMAGE}*"]).engine
command, limits = Command(["/bin/sh", "-c", "sleep 600", "sh"]), Limits(2**27, 2**27)
with passing(Path(folder)) as place:
    start, limits = engine.start(command, place, limits, image, is_line=True, run="wex-1")
    run(command, place, start, limits, deadline=Seconds(600.0))
"""


def test_it_is_ended_where_its_worker_is_killed(engine: Path, tmp_path: Path) -> None:
    argv = [sys.executable, "-c", WORKER, str(engine), str(tmp_path / "places"), IMAGE]
    worker = subprocess.Popen(argv)
    try:
        until(lambda: podman.names(engine), what="it runs")
    finally:
        worker.kill()
        worker.wait()
    until(lambda: podman.names(engine) == [], what="the container is gone")
