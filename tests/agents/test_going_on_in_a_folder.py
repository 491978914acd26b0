"""The next run of a conversation goes on in the folder of the one before it, and never beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from executions.errors import Refused
from executions.intake.agents import create_session
from executions.intake.start import start_agent
from executions.models import Execution, Workspace
from executions.sandbox.promises import RISKS
from executions.states import Phase
from executions.verbs.deciding.restore import restore
from executions.workspaces import caring
from executions.workspaces.rows import folder_of, use
from tests.agents.conftest import Demo, calls, step
from tests.driving.attempts.repositories import shop
from tests.people import confirmed

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]
Begin = Callable[..., Execution]
Drive = Callable[[Execution], Execution]
TOOL = {"command": True, "approval": "never"}
SHOP = {"git": {"repository": "shop"}}


@pytest.fixture(autouse=True)
def surroundings(settings: Any, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    settings.STIGMER_WORKSPACE_FOLDER = tmp_path_factory.getbasetemp() / "conversations"
    settings.STIGMER_ARTIFACTS = tmp_path / "artifacts"
    settings.STIGMER_COMMANDS_MAY = list(RISKS)
    settings.STIGMER_REPOSITORIES = {"shop": str(shop(tmp_path / "shop"))}


@pytest.fixture
def first(begin: Begin, drive: Drive, demo: Demo) -> Callable[..., Execution]:
    """A run that has written a file in its workspace. Those after it list the files."""

    def ran(workspace: Any, **how: Any) -> Execution:
        line = {"command": "echo 1 > file; echo"}
        demo.plays(calls(("run_command", line)), {"say": "Done."}, when="^write", name="a")
        demo.plays(calls(("run_command", {"command": "ls"})), {"say": "Done."}, when="^list")
        execution = drive(begin("write", tools=[TOOL], workspace=workspace, **how))
        assert execution.phase == Phase.COMPLETED, execution.failure_reason
        return execution

    return ran


def listed(execution: Execution) -> list[str]:
    assert execution.phase == Phase.COMPLETED, execution.failure_reason
    written: str = step(execution, "/turn/1/call/1").output["stdout"]
    return written.split()


def made(execution: Execution) -> dict[str, Any]:
    output: dict[str, Any] = step(execution, "/~workspace").output
    return output


def row(execution: Execution) -> Workspace:
    return Workspace.objects.get(execution=execution)


@pytest.mark.parametrize("workspace", ["temporary", SHOP, {"persistent": True}])
def test_a_reply_goes_on_in_the_folder_of_the_run_before_it(
    first: Any, drive: Drive, alice: User, workspace: Any
) -> None:
    execution = first(workspace)
    folder, start = folder_of(row(execution)), row(execution).start_commit
    reply = start_agent(execution.agent, alice, message="list", from_run=execution.public_id)
    assert reply.host == row(execution).host, "no other host has the folder"
    reply = drive(reply)
    assert "file" in listed(reply)
    assert made(reply)["continues"] == execution.public_id
    mine, before = row(reply), row(execution)
    assert (folder_of(mine), mine.start_commit) == (folder, start)
    assert (before.state, before.handed_to) == ("removed", reply.public_id)
    assert folder_of(before) != folder
    with pytest.raises(Refused, match=f"{reply.public_id} went on"):
        use(execution)
    # Nothing takes the folder from the run that has it: it is examined and kept as any other.
    assert caring.examine_ended(lambda: False) == 1
    assert not list(caring.removals()) and folder.is_dir()
    if workspace == SHOP:
        assert reply.artifacts.get().name == "changes.patch"
        assert "before it was looked at" in before.problem


def test_the_next_message_of_a_session_goes_on_past_a_run_that_failed(
    first: Any, drive: Drive, alice: User
) -> None:
    execution = first("temporary")
    session = create_session(execution.agent, alice)
    Execution.objects.filter(pk=execution.pk).update(session=session)
    failed = drive(start_agent(execution.agent, alice, message="?", session=session))
    Execution.objects.filter(pk=failed.pk).update(phase=Phase.FAILED)
    reply = drive(start_agent(execution.agent, alice, message="list", session=session))
    assert listed(reply) == ["file"]
    assert made(reply)["continues"] == failed.public_id


def test_two_replies_to_one_run_never_share_its_folder(
    first: Any, drive: Drive, alice: User
) -> None:
    execution = first("temporary")
    how: dict[str, Any] = {"message": "list", "from_run": execution.public_id}
    one, two = (start_agent(execution.agent, alice, **how) for _ in range(2))
    one, two = drive(one), drive(two)
    assert (listed(one), listed(two)) == (["file"], [])
    assert one.public_id in made(two)["note"]
    assert folder_of(row(one)) != folder_of(row(two))


def test_a_folder_in_which_a_run_works_is_left_to_it(first: Any, drive: Drive, alice: User) -> None:
    execution = first("temporary")
    Execution.objects.filter(pk=execution.pk).update(phase=Phase.PAUSED)
    reply = start_agent(execution.agent, alice, message="list", from_run=execution.public_id)
    assert listed(drive(reply)) == []
    assert "works in the folder" in made(reply)["note"]
    assert row(execution).handed_to == ""


def test_a_branch_from_an_earlier_turn_has_a_folder_of_its_own(
    first: Any, drive: Drive, alice: User
) -> None:
    execution = first("temporary")
    how: dict[str, Any] = {"from_run": execution.public_id, "from_turn": 1}
    branch = drive(start_agent(execution.agent, alice, message="list", **how))
    assert listed(branch) == [] and "earlier turn" in made(branch)["note"]
    # The conversation itself still has it.
    reply = start_agent(execution.agent, alice, message="list", from_run=execution.public_id)
    assert listed(drive(reply)) == ["file"]


def test_a_restore_to_the_beginning_makes_another_folder_on_both_sides(
    first: Any, drive: Drive, alice: User
) -> None:
    execution = first("temporary")
    reply = start_agent(execution.agent, alice, message="list", from_run=execution.public_id)
    reply = drive(reply)
    admin = confirmed(User.objects.create_superuser("admin"))
    # Completed, neither could be restored.
    Execution.objects.filter(agent=execution.agent).update(phase=Phase.FAILED)
    restore(execution.pk, admin, 0, reason="again")
    again = drive(execution)
    assert again.phase == Phase.COMPLETED, again.failure_reason
    assert row(execution).handed_to == "" and row(execution).is_there
    assert folder_of(row(execution)) != folder_of(row(reply))
    restore(reply.pk, admin, 0, reason="again")
    assert listed(drive(reply)) == []


def test_a_reply_works_where_the_run_before_it_was_told_to(
    first: Any, drive: Drive, alice: User
) -> None:
    execution = first("none")
    how: dict[str, Any] = {"message": "write", "own_workspace": "temporary"}
    told = drive(start_agent(execution.agent, alice, **how))
    reply = start_agent(execution.agent, alice, message="list", from_run=told.public_id)
    assert reply.own_workspace == "temporary" and listed(drive(reply)) == ["file"]
    how = {"from_run": reply.public_id, "own_workspace": SHOP}
    other = drive(start_agent(execution.agent, alice, message="list", **how))
    assert "price.txt" in listed(other) and "another kind" in made(other)["note"]


def test_a_folder_that_is_kept_no_longer_is_said_and_another_one_made(
    first: Any, drive: Drive, alice: User
) -> None:
    execution = first({"keep": {"afterSuccess": 0}})
    caring.examine_ended(lambda: False)
    for removal in caring.removals():
        caring.carry_out(removal)
    reply = start_agent(execution.agent, alice, message="list", from_run=execution.public_id)
    assert reply.host == ""
    assert listed(drive(reply)) == [] and "no folder that is kept" in made(reply)["note"]
