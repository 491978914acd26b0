"""An agent's tool that runs commands, in the workspace of its run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from executions.models import Execution, Workspace
from executions.sandbox.promises import RISKS
from executions.states import Phase
from executions.workspaces import caring
from tests.agents.conftest import Demo, answer, calls, step, steps
from tests.driving.attempts.repositories import shop

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]
Begin = Callable[..., Execution]
Drive = Callable[[Execution], Execution]
TOOL = {"command": True, "approval": "never"}


@pytest.fixture(autouse=True)
def surroundings(settings: Any, tmp_path: Path) -> None:
    settings.STIGMER_WORKSPACE_FOLDER = tmp_path / "workspaces"
    settings.STIGMER_ARTIFACTS = tmp_path / "artifacts"
    settings.STIGMER_COMMANDS_MAY = list(RISKS)
    settings.STIGMER_REPOSITORIES = {"shop": str(shop(tmp_path / "shop"))}


def run(line: str) -> dict[str, Any]:
    return calls(("run_command", {"command": line}))


def test_its_commands_share_the_clone_of_its_run(begin: Begin, drive: Drive, demo: Demo) -> None:
    demo.plays(
        run("echo 200 > price.txt; git commit -qam Dearer"),
        run("cat price.txt; echo no >&2; exit 3"),
        {"say": "Done."},
    )
    workspace = {"git": {"repository": "shop"}, "remakeAfter": {"hours": 1}}
    execution = drive(begin("mend it", tools=[TOOL], workspace=workspace))
    assert execution.phase == Phase.COMPLETED, execution.failure_reason
    assert [path for path, _ in steps(execution)][:2] == ["/start", "/~workspace"]
    # The model judges the output of a command and how it ended.
    assert step(execution, "/turn/2/call/1").output == {
        "code": 3,
        "stdout": "200",
        "stderr": "no",
    }
    made = Workspace.objects.get(execution=execution)
    assert (made.repository, made.remake_after_seconds) == ("shop", 3_600)
    assert made.saved_commit not in ("", made.start_commit)
    assert caring.examine_ended(lambda: False) == 1
    assert execution.artifacts.get().name == "changes.patch"


def test_a_command_in_a_workspace_is_asked_about_and_one_that_leaves_nothing_is_not(
    begin: Begin, drive: Drive, demo: Demo, alice: Any
) -> None:
    demo.plays(run("echo x > file; ls"), {"say": "Done."})
    free = drive(begin("look", tools=[{"command": True}]))
    assert free.phase == Phase.COMPLETED, free.failure_reason
    asking = drive(begin("look", tools=[{"command": True}], workspace="temporary"))
    assert (asking.phase, asking.waiting_for) == (Phase.WAITING, "an answer")
    answer(asking, alice, "approve")
    asking = drive(asking)
    assert asking.phase == Phase.COMPLETED, asking.failure_reason
    assert step(asking, "/turn/1/call/1").output["stdout"] == "file"


def test_a_workspace_that_cannot_be_made_is_said_and_no_model_is_asked(
    begin: Begin, drive: Drive, demo: Demo
) -> None:
    demo.plays({"say": "Done."})
    execution = drive(begin("x", tools=[TOOL], workspace={"git": {"repository": "other"}}))
    assert (execution.phase, execution.current_step) == (Phase.FAILED, "/~workspace")
    assert "Named are: shop" in execution.failure_reason
    assert demo.billed() == []
