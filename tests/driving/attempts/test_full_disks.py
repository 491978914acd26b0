"""A full disk is an answer: the step says so, other runs go on, nothing half-made stays, and with
room again a retry goes on. On small disks of memory, which only root may mount.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from executions.calls import sandboxed
from executions.models import Artifact, Step, Workspace
from executions.sandbox.promises import RISKS
from executions.verbs.deciding import decisions
from executions.workspaces import caring
from tests.driving.attempts.repositories import git, shop

# Each test tries the sandbox of its own disk inside of its transaction: PostgreSQL ends one that is
# idle for so long on a busy machine, and nothing here depends on the database.
pytestmark = pytest.mark.django_db
MIB = 1024 * 1024


@contextmanager
def _disk(folder: Path, mib: int) -> Iterator[Path]:
    """A disk of its own at this folder; the test is skipped where none can be mounted."""
    folder.mkdir(parents=True, exist_ok=True)
    size = f"size={mib}m,mode=0755"
    mount = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)]
    try:
        said = subprocess.run(mount, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("there is no mount here")
    if said.returncode:
        pytest.skip(f"no small disk can be mounted here: {said.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """The disk of the workspaces: 100 MiB."""
    settings.STIGMER_COMMANDS_MAY = list(RISKS)
    settings.STIGMER_ARTIFACTS = tmp_path / "artifacts"
    settings.STIGMER_REPOSITORIES = {"shop": str(tmp_path / "shop")}
    with _disk(tmp_path / "workspaces", 100) as disk:
        settings.STIGMER_WORKSPACE_FOLDER = disk
        yield disk


def _fill(disk: Path, left: int) -> Callable[[], None]:
    """Take all of the disk but so many bytes; what gives it back."""
    file = disk / "ballast"
    stat = os.statvfs(disk)
    subprocess.run(
        ["fallocate", "-l", str(stat.f_bavail * stat.f_frsize - left), str(file)], check=True
    )
    return file.unlink


def _names(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()} - {"ballast", "mirrors"}


def test_a_command_that_fills_the_disk_fails_and_a_retry_with_room_goes_on(
    begin: Any, drive: Any, alice: Any, folder: Path
) -> None:
    tasks = """workspace: temporary
do:
- fill: {run: {shell: {command: 'head -c 90m /dev/zero > big && echo done'}}}
"""
    room = _fill(folder, 66 * MIB)
    execution = drive(begin(tasks))
    # The limit for one workspace is far away: it is the disk that is full.
    assert execution.phase == "FAILED"
    assert "No space left on device" in execution.error["detail"]
    other = drive(begin("do:\n- a: {set: {x: 1}}\n", name="two"))
    assert other.phase == "COMPLETED", "other runs go on"
    assert _names(folder) == {execution.pk.hex}
    room()
    decisions.retry(execution.pk, alice)
    assert drive(execution).output == "done"


def test_a_workspace_is_not_made_on_a_full_disk_and_nothing_of_it_stays(
    begin: Any, drive: Any, alice: Any, folder: Path
) -> None:
    tasks = "workspace: temporary\ndo:\n- a: {run: {shell: {command: pwd}}}\n"
    room = _fill(folder, 10 * MIB)
    execution = drive(begin(tasks))
    assert execution.phase == "FAILED"
    assert "MiB left: too few for a workspace" in execution.error["detail"]
    assert _names(folder) == set()
    room()
    decisions.retry(execution.pk, alice)
    assert drive(execution).phase == "COMPLETED"


def test_a_clone_that_finds_the_disk_full_leaves_nothing_and_is_made_with_room(
    begin: Any,
    drive: Any,
    alice: Any,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sandboxed, "FREE_BYTES", MIB)
    repository = shop(tmp_path / "shop")
    (repository / "big").write_bytes(os.urandom(6 * MIB))
    room = _fill(folder, 8 * MIB)
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "Something big")
    tasks = "workspace: {git: {repository: shop}}\ndo:\n- a: {run: {shell: {command: ls}}}\n"
    execution = drive(begin(tasks))
    assert execution.phase == "FAILED"
    assert "could not be fetched" in execution.error["detail"] or (
        "could not be made" in execution.error["detail"]
    )
    assert _names(folder) == set()
    half = [each for each in folder.rglob("*") if each.name.startswith("tmp_")]
    assert half == [], "git removes nothing of it by itself"
    room()
    decisions.retry(execution.pk, alice)
    execution = drive(execution)
    assert execution.phase == "COMPLETED", execution.error
    assert execution.output.split() == ["big", "price.txt"]


def test_a_command_without_a_place_is_not_begun_and_runs_with_room(
    begin: Any, drive: Any, alice: Any, folder: Path
) -> None:
    tasks = "do:\n- a: {run: {script: {language: python, code: '%s'}}}\n" % ("x = 1;" * 20_000)
    execution = begin(tasks)
    room = _fill(folder, 64 * 1024)
    execution = drive(execution)
    assert execution.phase == "FAILED"
    assert "No space left on device" in execution.error["detail"]
    assert _names(folder) == set()
    room()
    decisions.retry(execution.pk, alice)
    assert drive(execution).phase == "COMPLETED"


def test_an_artifact_that_finds_no_room_is_named_and_kept_at_the_next_attempt(
    begin: Any, drive: Any, alice: Any, folder: Path, settings: Any, tmp_path: Path
) -> None:
    tasks = """workspace: temporary
do:
- a:
    run: {shell: {command: 'head -c 2m /dev/urandom > report', arguments: []}}
    metadata: {artifacts: [report], effect: idempotent}
"""
    with _disk(tmp_path / "small", 1) as disk:
        settings.STIGMER_ARTIFACTS = disk
        execution = drive(begin(tasks))
        assert execution.phase == "FAILED"
        assert "report: No space left on device" in execution.error["detail"]
        assert [each for each in disk.rglob("*") if each.is_file()] == []
        subprocess.run(["mount", "-o", "remount,size=8m", str(disk)], check=True)
        decisions.retry(execution.pk, alice)
        execution = drive(execution)
        assert execution.phase == "COMPLETED", execution.error
        assert Artifact.objects.get(execution=execution).size == 2 * MIB
        assert Step.objects.filter(execution=execution, name="a").exists()


def test_work_that_cannot_be_stored_is_said_and_the_run_goes_on(
    begin: Any, drive: Any, folder: Path, settings: Any, tmp_path: Path
) -> None:
    shop(tmp_path / "shop")
    tasks = """workspace: {git: {repository: shop}}
do:
- a: {run: {shell: {command: 'head -c 3m /dev/urandom > big'}}}
- b: {run: {shell: {command: 'rm big; ls'}}}
"""
    with _disk(tmp_path / "small", 1) as disk:
        settings.STIGMER_ARTIFACTS = disk
        execution = drive(begin(tasks.split("- b")[0]))
        assert execution.phase == "COMPLETED", execution.error
        row = Workspace.objects.get(execution=execution)
        assert "No space left on device" in row.saved_problem
        assert caring.examine_ended(lambda: False) == 1
        row.refresh_from_db()
        assert row.problem, "that its patch could not be kept is said"
        execution = drive(begin(tasks, name="two"))
        assert execution.phase == "COMPLETED", execution.error
        row = Workspace.objects.get(execution=execution)
        assert row.saved_problem == "", "what was stored after the next command counts"
