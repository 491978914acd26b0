"""Another result for a finished call: the run goes back to it and on from there with what a person
says that it gave.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from django.contrib.auth.models import User

from executions import clock
from executions.agents.paths import turn_number
from executions.driving import report
from executions.errors import Refused
from executions.ids import uuid7
from executions.journal.decided import Task
from executions.journal.events import EventName
from executions.journal.records import StepRecord
from executions.models import Execution
from executions.models.transactions import persistent
from executions.said import Said
from executions.states import StepStatus
from executions.verbs.deciding.case import Case, Decided, write
from executions.verbs.deciding.decisions import REMEMBERED, audited, check_storable
from executions.verbs.deciding.opening import Opening
from executions.verbs.deciding.restore import cancel_what_is_taken_back, go_back
from executions.verbs.deciding.supplied import UNSET, check_output

VERB = "amend"


@persistent
def amend(
    execution_id: uuid.UUID,
    actor: User,
    step_seq: int,
    output: Any,
    *,
    expected_seq: int | None = None,
    reason: str = "",
) -> Decided:
    """Give the finished call with this seq another output, and go on after it.

    Raises Refused, and then nothing is changed.
    """
    below = partial(cancel_what_is_taken_back, execution_id, step_seq)
    opening = Opening(execution_id, actor, VERB, expected_seq, reason, before=below)
    return audited(opening, lambda case: _amend(case, step_seq, output))


def _amend(case: Case, step_seq: int, output: Any) -> Decided:
    execution, now = case.execution, clock.now()
    call = go_back_to_call(case, step_seq, output)
    said = Task(dict(call.control))
    said.reason = f"its result was changed by {case.actor.get_username()}"
    case.superseded.append(call)
    case.written.append(
        replace(
            call,
            id=uuid7(),
            seq=None,
            digest="",
            status=StepStatus.SUCCEEDED,
            output=output,
            error=None,
            control=said.json,
        )
    )
    event = report.plain(
        EventName.STEP_AMENDED,
        execution,
        now,
        case.actor.pk,
        step_name=call.name,
        path=call.path,
        reason=case.reason,
    )
    return write(case, [event])


def go_back_to_call(case: Case, step_seq: int, output: Any = UNSET) -> StepRecord:
    """The call with this seq; what came after it is taken back. Nothing is written yet. Raises
    Refused, also where ``output`` does not fit.
    """
    call = next((r for r in case.records.values() if r.seq == step_seq and r.is_finished()), None)
    _check(case.execution, call, step_seq)
    assert call is not None
    if output is not UNSET:
        check_storable(output, "The result", case)
        check_output(case, call, output)
    go_back(case, step_seq)
    return call


class Finished(Protocol):
    """The question about a step."""

    path: str
    name: str
    kind: str


def why_not(is_agent: bool, call: Finished) -> str:
    """Why this finished step has no result that could be another; empty where it has."""
    if is_agent and turn_number(call.path):
        return Said(
            "{step} is what a model said, which nobody else can say for it.", step=call.name
        )
    if call.kind not in REMEMBERED:
        return Said("{step} is no call, so it has no result of its own.", step=call.name)
    return ""


def _check(execution: Execution, call: StepRecord | None, step_seq: int) -> None:
    """Raises Refused where it is no call that gave something."""
    what: str = Said("There is no finished step {seq} that stands.", seq=step_seq)
    if call is not None:
        what = why_not(execution.kind == "agent", call)
    if what:
        raise Refused(
            "invalid",
            what,
            state=execution.phase,
            remedy="Choose a finished call of the listed checkpoints.",
        )
