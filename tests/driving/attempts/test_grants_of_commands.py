"""The operator grants something to commands; those for which nobody waits end with the run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import psutil
import pytest

from executions.calls.command import beside
from executions.errors import Refused
from executions.models import Execution
from executions.sandbox import walls
from executions.sandbox.promises import RISKS
from executions.verbs.deciding import control
from executions.worker.caretaker import end_left_commands
from tests.waiting import until

pytestmark = [pytest.mark.django_db, pytest.mark.database]
DEVICES = """do:
- look:
    run: {shell: {command: 'cut -s -d: -f1 /proc/net/dev; cat /etc/resolv.conf | wc -l'}}
    metadata: {network: %s}
"""


@pytest.fixture(autouse=True)
def surroundings(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    settings.STIGMER_WORKSPACE_FOLDER = tmp_path_factory.getbasetemp() / "granted"
    settings.STIGMER_COMMANDS_MAY = list(RISKS)


@pytest.mark.parametrize("named", [[], ["tests/other"], ["others/one"]])
def test_a_workflow_that_nobody_named_is_refused_the_network_as_it_is_applied(
    begin: Any, settings: Any, named: list[str]
) -> None:
    settings.STIGMER_COMMANDS_MAY += [f"reach-the-network:{each}" for each in named]
    with pytest.raises(Refused, match="The task look asks for the network") as refused:
        begin(DEVICES % "true")
    assert refused.value.code == "forbidden"


@pytest.mark.skipif(walls.bubblewrap() is None, reason="bubblewrap is not installed")
@pytest.mark.parametrize("named", ["tests/one", "tests/*"])
def test_a_command_sees_the_network_where_it_was_granted_and_asked_for(
    begin: Any, drive: Any, settings: Any, named: str
) -> None:
    settings.STIGMER_COMMANDS_MAY += [f"reach-the-network:{named}"]
    here = set(psutil.net_if_stats())
    for asked in ("true", "false"):
        execution = drive(begin(DEVICES % asked))
        assert execution.phase == "COMPLETED", execution.error
        seen = {line.strip() for line in execution.output.splitlines()[:-1]}
        assert seen == (here if asked == "true" else {"lo"})


def test_a_grant_that_was_taken_back_counts_no_more(begin: Any, drive: Any, settings: Any) -> None:
    settings.STIGMER_COMMANDS_MAY += ["reach-the-network:tests/*"]
    execution = begin(DEVICES % "true")
    settings.STIGMER_COMMANDS_MAY = list(RISKS)
    execution = drive(execution)
    assert execution.phase == "FAILED"
    assert "STIGMER_COMMANDS_MAY" in execution.error["detail"]


@pytest.mark.parametrize("how", ["cancel", "terminate", "complete"])
def test_a_command_that_nobody_waits_for_ends_with_its_run(
    begin: Any, drive: Any, alice: Any, how: str, tmp_path: Path
) -> None:
    mark = f"7{os.getpid()}{['cancel', 'terminate', 'complete'].index(how)}"
    tasks = f"do:\n- left: {{run: {{shell: {{command: sleep {mark}}}, await: false}}}}\n"
    if how != "complete":
        tasks += "- rest: {wait: {hours: 1}}\n"
    execution = drive(begin(tasks))
    until(lambda: _sleeps(mark), what="the command runs")
    if how == "complete":
        assert execution.phase == "COMPLETED"
    else:
        end_left_commands()
        assert beside.runs() == {execution.public_id}, "its run goes on"
        getattr(control, how)(execution.pk, alice)
        assert Execution.objects.get(pk=execution.pk).phase in ("CANCELLED", "TERMINATED")
    end_left_commands()
    until(lambda: not _sleeps(mark), what="the command has ended")
    until(lambda: not beside.runs(), what="nothing of it is left")


def _sleeps(mark: str) -> bool:
    """Whether a process sleeps for so many seconds."""
    for process in psutil.process_iter(["cmdline"]):
        if process.info["cmdline"] == ["sleep", mark]:
            return True
    return False
