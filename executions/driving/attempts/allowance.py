"""The limits of agents that stand below another agent, also where a workflow stands between them.

An agent hands on what is left of its limits: to an agent as the ``limits`` of its run, to a
workflow that runs as a tool as ``agents_may_use``. The workflow passes it on to the agents and
workflows that it starts. When the call has ended, the use of all of them counts as the upper
agent's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from executions import clock
from executions.agents import reading
from executions.driving.lease import load_records
from executions.errors import Refused
from executions.intake.execution_draft import ExecutionDraft
from executions.journal.decided import Forked
from executions.journal.paths import ancestors
from executions.journal.records import StepRecord
from executions.mind.messages import added
from executions.models import Execution
from executions.states import ENDED_PHASES

# The rest is never nothing: an agent that has no more asks after its first request.
_LEAST_COST = Decimal("0.000001")


def hand_on(
    execution: Execution, draft: ExecutionDraft, width: int, wanted: Mapping[str, Any]
) -> None:
    """Give the run that is to be started its part. Raises Refused where it is too deep."""
    allowance = wanted.get("limits") if execution.kind == "agent" else execution.agents_may_use
    if allowance is None or (execution.kind == "agent" and draft.kind == "agent"):
        # Such limits stand in the draft already.
        return
    part = allowance if execution.kind == "agent" else _part(execution, allowance, width)
    if draft.kind != "agent":
        draft.descent["agents_may_use"] = part
        return
    if part["depth"] <= 0:
        raise Refused(
            "invalid",
            "Work is not handed on from here: `limits.depth` of the agent above is used up.",
        )
    part = part | {"depth": part["depth"] - 1}
    own = draft.input.get("limits") or {}
    own = {name: value for name, value in own.items() if value is not None}
    lower = {name: min(own[name], part[name]) for name in own.keys() & part.keys()}
    draft.input["limits"] = own | part | lower


def width_at(steps: Mapping[str, StepRecord], path: str) -> int:
    """How many branches go on beside each other there."""
    width = 1
    for above in ancestors(path):
        record = steps.get(above)
        if record is not None and not record.is_finished():
            width *= max(Forked.of(record).branches or 1, 1)
    return width


def spent_by(run: Execution) -> dict[str, Any] | None:
    """The ``usage`` and ``cost`` of a run's own turns and of all agents below it; None where no
    agent was asked anything. A cost of None is not known.
    """
    if run.kind == "agent":
        turns = reading.turns_of(load_records(run.pk))
        usage, cost = reading.usage_of(turns), reading.cost_of(turns)
        return {"usage": usage, "cost": cost}
    below = [spent for child in _below(run) if (spent := spent_by(child)) is not None]
    if not below:
        return None
    costs = [each["cost"] for each in below]
    whole = None if None in costs else f"{sum(map(Decimal, costs), Decimal(0)).normalize():f}"
    return {"usage": added([each["usage"] for each in below]), "cost": whole}


def _below(run: Execution) -> list[Execution]:
    return list(Execution.objects.filter(parent=run.pk).defer("output", "error"))


def _part(execution: Execution, allowance: Mapping[str, Any], width: int) -> dict[str, Any]:
    """The part of one branch that a run of this workflow may use now: of the rest, where those that
    work still hold theirs.
    """
    tokens, cost, working = 0, Decimal(0), 0
    for child in _below(execution):
        spent = spent_by(child) or {"usage": {}, "cost": "0"}
        usage = spent["usage"]
        child_tokens = usage.get("input_tokens", 0) + usage.get("output_tokens", 0)
        child_cost = Decimal(spent["cost"] or 0)
        if child.phase not in ENDED_PHASES:
            working += 1
            held = _held(child)
            child_tokens = max(child_tokens, int(held.get("tokens") or 0))
            child_cost = max(child_cost, Decimal(str(held.get("cost") or 0)))
        tokens, cost = tokens + child_tokens, cost + child_cost
    share = max(width - working, 1)
    went = clock.now() - execution.created_at
    part = dict(allowance)
    part["tokens"] = max((int(allowance["tokens"]) - tokens) // share, 1)
    part["seconds"] = max(int(allowance["seconds"] - went.total_seconds()), 1)
    if allowance.get("cost") is not None:
        left = (Decimal(str(allowance["cost"])) - cost) / share
        part["cost"] = float(max(left, _LEAST_COST))
    return part


def _held(child: Execution) -> Mapping[str, Any]:
    """The allowance of a run that works still."""
    if child.kind != "agent":
        return child.agents_may_use or {}
    return child.input.get("limits") or {} if isinstance(child.input, dict) else {}
