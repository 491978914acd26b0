"""A workspace lives where it was made: its run goes on there, and says so while that host is away."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from executions import blobs, worker_identity
from executions.calls.outcome import SavedWork
from executions.cli.display import standing
from executions.errors import Refused
from executions.health.checks import State, check_hosts, check_oldest_due
from executions.models import Attempt, Event, Execution, Process, Step, Workspace, away
from executions.recovery import rings, waiting
from executions.sandbox.promises import RISKS
from executions.verbs.deciding import decisions, remaking
from executions.verbs.deciding.restore import restore
from executions.workspaces import caring, rows
from tests.driving.attempts.repositories import shop
from tests.people import confirmed
from tests.waiting import PATIENCE_SECONDS

pytestmark = [pytest.mark.django_db, pytest.mark.database]
GIT = "workspace: {git: {repository: shop}%s}\n"
# Its first command leaves a commit, a change that is not committed and a file of its own; the
# second says what it sees, and fails.
TASKS = """do:
- change:
    run:
      shell:
        command: 'echo 200 > price.txt; git commit -qam Dearer; echo 300 > price.txt; echo x > new'
- more:
    run: {shell: {command: 'git log --format=%s; git status --short; cat price.txt new; exit 3'}}
"""
SEEN = "Dearer\nA price\n M price.txt\n?? new\n300\nx\n"


@pytest.fixture(autouse=True)
def surroundings(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.STIGMER_ARTIFACTS = tmp_path / "artifacts"
    settings.STIGMER_COMMANDS_MAY = list(RISKS)
    settings.STIGMER_REPOSITORIES = {"shop": str(shop(tmp_path / "shop"))}


@pytest.fixture(scope="module")
def disks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {host: tmp_path_factory.mktemp(host) for host in ("east", "west")}


@pytest.fixture
def at(settings: Any, disks: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> Any:
    """``at("east")``: this process is on that host, with a disk of its own, and a worker lives
    there alone.
    """

    def moved(host: str) -> None:
        monkeypatch.setattr(worker_identity, "host", lambda: host)
        settings.STIGMER_WORKSPACE_FOLDER = disks[host]
        Process.objects.filter(kind="worker").update(heartbeat_at=Now() - timedelta(hours=2))
        Process.objects.create(kind="worker", host=host, pid=1)

    moved("east")
    return moved


def left_at_east(begin: Any, drive: Any, alice: User, at: Any, head: str = GIT % "") -> Execution:
    """A run that began on the host east and wants to go on, while a worker lives on west alone."""
    execution = drive(begin(head + TASKS))
    assert (execution.phase, execution.host) == ("FAILED", "east"), execution.error
    decisions.retry(execution.pk, alice)
    at("west")
    return Execution.objects.get(pk=execution.pk)


def test_a_run_goes_on_where_its_workspace_is_and_nowhere_else(
    begin: Any, drive: Any, alice: User, at: Any
) -> None:
    execution = left_at_east(begin, drive, alice, at)
    assert drive(execution).phase == "PENDING", "west does not take it"
    assert waiting.due(10, uuid.uuid4()) == [], "nor does it look at it"
    assert rings.ring_for_due(10, grace_seconds=-60) == 0, "nobody is rung for it there"
    at("east")
    assert [each.execution_id for each in waiting.due(10, uuid.uuid4())] == [execution.pk]
    execution = drive(execution)
    assert (execution.phase, execution.current_step) == ("FAILED", "/more")


def test_every_door_says_for_which_host_it_waits(
    begin: Any, drive: Any, alice: User, at: Any, client: Client
) -> None:
    execution = left_at_east(begin, drive, alice, at)
    client.force_login(alice)
    page = client.get(reverse("execution", args=[execution.public_id])).content.decode()
    assert "It waits for the host east, which holds its workspace" in page
    assert "Make workspace again" in page
    told = client.get(f"/api/v1/workflow-executions/{execution.public_id}").json()
    assert told["status"]["waits_for_host"] == "east"
    assert "waits for the host east" in standing.sentence(told)
    assert any("remake-workspace" in command for command, _ in standing.next_commands(told))
    found = check_hosts()
    assert (found.state, found.figure) == (State.WARNING, 1)
    assert "east" in found.detail
    assert check_oldest_due().figure == 0, "more workers would not help"
    at("east")
    assert check_hosts().state == State.OK
    page = client.get(reverse("execution", args=[execution.public_id])).content.decode()
    assert "waits for the host" not in page
    assert "Make workspace again" not in page


def test_a_git_workspace_is_made_again_elsewhere_with_all_that_was_stored(
    begin: Any, drive: Any, alice: User, at: Any, disks: dict[str, Path]
) -> None:
    execution = left_at_east(begin, drive, alice, at)
    stored = Workspace.objects.get(execution=execution)
    assert stored.saved_problem == ""
    assert stored.saved_commit not in ("", stored.start_commit)
    remaking.remake_workspace(execution.pk, alice, reason="The disk is gone.")
    execution = drive(execution)
    assert execution.host == "west"
    made = Step.objects.standing().get(execution=execution, path="/~workspace")
    assert made.output["madeAgainFrom"] == stored.saved_commit
    logs = Attempt.objects.filter(step__execution=execution, step__name="more").order_by("id")
    assert [attempt.log for attempt in logs] == [SEEN, SEEN], "on the one host and on the other"
    assert (disks["west"] / execution.pk.hex).is_dir()
    event = Event.objects.get(execution=execution, name="WORKFLOW_WORKSPACE_REMADE")
    assert (event.payload["host"], event.payload["reason"]) == ("east", "The disk is gone.")
    changed = Step.objects.filter(execution=execution, name="change")
    assert changed.count() == 1, "what was finished stands"


# The first branch is packed and held there; the second ends meanwhile and is stored before it.
TOGETHER = """do:
- both:
    fork:
      branches:
      - early: {run: {shell: {command: 'echo 200 > price.txt'}}}
      - late:
          run: {shell: {command: 'while [ ! -e go ]; do sleep 0.1; done; echo x > late.txt'}}
          timeout: {after: {minutes: 1}}
"""


def test_of_two_commands_that_end_together_what_was_packed_last_stays(
    begin: Any, drive: Any, monkeypatch: pytest.MonkeyPatch, disks: dict[str, Path], at: Any
) -> None:
    execution = begin(GIT % "" + TOGETHER)
    is_kept, packed, kept = threading.Event(), list[int](), list[SavedWork]()
    put, keep = blobs.Folder.put, rows.keep_saved

    def put_slowly(self: blobs.Folder, source: Any, most_bytes: int) -> blobs.Stored:
        packed.append(1)
        if len(packed) == 1:
            (disks["east"] / execution.pk.hex / "work" / "go").touch()
            assert is_kept.wait(PATIENCE_SECONDS)
        return put(self, source, most_bytes)

    def keep_and_tell(execution: Execution, saved: SavedWork) -> None:
        keep(execution, saved)
        kept.append(saved)
        is_kept.set()

    monkeypatch.setattr(blobs.Folder, "put", put_slowly)
    monkeypatch.setattr(rows, "keep_saved", keep_and_tell)
    execution = drive(execution)
    assert execution.phase == "COMPLETED", execution.error
    first, second = kept
    assert first.order > second.order > 0, "the later one was written first"
    stored = Workspace.objects.get(execution=execution)
    assert stored.saved_digest == first.digest != second.digest


def test_what_was_stored_and_is_not_there_is_said_and_never_passed_over(
    begin: Any, drive: Any, alice: User, at: Any, settings: Any, tmp_path: Path
) -> None:
    execution = left_at_east(begin, drive, alice, at)
    settings.STIGMER_ARTIFACTS = tmp_path / "of west alone"
    remaking.remake_workspace(execution.pk, alice)
    execution = drive(execution)
    assert (execution.phase, execution.current_step) == ("FAILED", "/~workspace")
    assert "the hosts have to share the artifacts" in execution.error["detail"]


def test_a_temporary_folder_is_not_made_again_and_what_helps_is_said(
    begin: Any, drive: Any, alice: User, at: Any
) -> None:
    tasks = "do: [{a: {run: {shell: {command: exit 3}}}}]\n"
    execution = drive(begin("workspace: temporary\n" + tasks))
    decisions.retry(execution.pk, alice)
    at("west")
    with pytest.raises(Refused, match="temporary folder on east") as refused:
        remaking.remake_workspace(execution.pk, alice)
    assert "restored to its beginning" in refused.value.remedy
    Execution.objects.filter(pk=execution.pk).update(phase="PAUSED", wake_at=None)
    admin = confirmed(User.objects.create_superuser("admin"))
    restore(execution.pk, admin, 0, reason="Its host is gone.")
    execution = drive(execution)
    assert (execution.host, execution.phase) == ("west", "FAILED"), "another one was made there"


def test_a_run_whose_host_is_there_keeps_its_workspace(
    begin: Any, drive: Any, alice: User, at: Any
) -> None:
    execution = left_at_east(begin, drive, alice, at)
    at("east")
    with pytest.raises(Refused, match="does not wait for a host"):
        remaking.remake_workspace(execution.pk, alice)


def test_a_workflow_says_after_how_long_its_workspace_is_made_again(
    begin: Any, drive: Any, alice: User, at: Any
) -> None:
    head = GIT % ", remakeAfter: {hours: 3}"
    execution = left_at_east(begin, drive, alice, at, head)
    assert remaking.remake_the_late() == 0, "its host was heard of two hours ago"
    Workspace.objects.update(remake_after_seconds=3_600)
    assert remaking.remake_the_late() == 1
    assert remaking.remake_the_late() == 0
    execution = drive(execution)
    assert execution.host == "west"
    event = Event.objects.get(execution=execution, name="WORKFLOW_WORKSPACE_REMADE")
    assert event.actor is None
    assert "as its workflow says" in event.payload["reason"]


def test_what_a_dead_worker_of_that_host_left_waits_for_it_too(
    begin: Any, drive: Any, alice: User, at: Any
) -> None:
    execution = left_at_east(begin, drive, alice, at)
    dead = Process.objects.filter(host="east").first()
    assert dead is not None
    Execution.objects.filter(pk=execution.pk).update(
        phase="IN_PROGRESS", process=dead, wake_at=None
    )
    dead.declare_dead("its host burned")
    assert rings.ring_for_orphans(10) == 0
    assert drive(execution).phase == "IN_PROGRESS"
    found = away.host_of(Execution.objects.get(pk=execution.pk))
    assert found is not None
    assert found.host == "east"
    remaking.remake_workspace(execution.pk, alice)
    assert drive(execution).host == "west"


def test_what_is_stored_of_a_workspace_goes_with_it_and_not_before(
    begin: Any, drive: Any, alice: User, at: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caring, "YOUNG_SECONDS", -60.0)
    left_at_east(begin, drive, alice, at)
    assert caring.forget_files() == 1, "what was stored before the last command"
    assert caring.forget_files() == 0
    Workspace.objects.update(state="removed")
    assert caring.forget_files() == 1
