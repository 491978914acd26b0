"""Parts of pages, the same for the first page and for every push.

A part never depends on who reads but by role.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.template.loader import render_to_string

from dashboard import actions, choices, listing, sentence, values, ways
from dashboard.columns import COLUMNS
from dashboard.live.frames import Part
from dashboard.queries import approvals, workspaces
from dashboard.queries import execution as queries
from executions import clock, policy, showing
from executions.models import Event, Execution, Stall, Step, away
from executions.models.unheard import BRIEFLY_SECONDS, unheard
from executions.roles import Role
from executions.states import ENDED_PHASES, OPEN_STATUSES, Phase, StepStatus, WaitingFor
from executions.verbs import proposing
from executions.verbs.rows import VERBS


def execution_context(execution: Execution, role: Role) -> dict[str, Any]:
    """All that the parts above the steps need."""
    unfinished = queries.unfinished_steps(execution.pk)
    at = queries.stopped_at(execution)
    failed = [step for step in unfinished if step.status == StepStatus.FAILED and step.path in at]
    open_ = [step for step in unfinished if step.status in OPEN_STATUSES]
    if any(step.waiting_for == WaitingFor.ANSWER for step in open_):
        approvals.attach(open_)
    waits_for_host = away.host_of(execution)
    stall = _stall(execution)
    buttons = actions.actions(execution, role, failed, away=waits_for_host is not None, stall=stall)
    nobody = None if execution.phase in ENDED_PHASES else unheard(BRIEFLY_SECONDS, execution.host)
    children, has_more = queries.children(execution.pk)
    question = choices.question(open_) if execution.phase == Phase.WAITING else None
    return {
        "execution": execution,
        "sentence": sentence.stands(
            execution,
            _telling(execution, failed, open_),
            has_workers=nobody is None or nobody.may_live,
            unheard=nobody.said if nobody else "",
            away=waits_for_host,
            stall=stall,
        ),
        "actions": buttons,
        "refused": actions.refusals(buttons),
        "ways": ways.ways(execution, role),
        "can_run_again": ways.can_run_again(execution, role),
        "again_key": uuid.uuid4().hex,
        "question": question,
        "workspace": workspaces.attached(execution),
        "artifacts": workspaces.artifacts(execution),
        "may_download": role in policy.RIGHTS["export"] and showing.whole(),
        "children": children,
        "has_more_children": has_more,
        "forks": queries.forks_of(execution, role),
        "proposals": (waiting := proposing.of_run(execution)),
        "may_agree": any(role in VERBS[each.verb].roles for each in waiting),
        "late": choices.late_answer(question),
        "choices": VERBS["decide"].arguments[0].choices,
        "may_decide": role in VERBS["decide"].roles,
        **_editable(buttons, _at_which_it_stands(execution, failed), failed),
        **_values(execution),
        "server_now": clock.now(),
    }


def _stall(execution: Execution) -> Stall | None:
    """The attempt that shows no progress; first the one to which nobody has said anything."""
    if execution.phase != Phase.IN_PROGRESS:
        return None
    stalls = Stall.objects.filter(execution=execution.pk).breakable().select_related("step")
    return min(stalls, key=lambda stall: stall.is_quiet, default=None)


def _telling(execution: Execution, failed: list[Step], open_: list[Step]) -> list[Step]:
    """The steps that the sentence about this phase is about."""
    if execution.phase == Phase.COMPLETED:
        return queries.skipped_steps(execution.pk)
    return failed if execution.phase == Phase.FAILED else open_


def _at_which_it_stands(execution: Execution, failed: Sequence[Step]) -> Step | None:
    """Of the branches that failed, the step that a retry with another input is about."""
    at = (step for step in failed if step.path == execution.current_step)
    return next(at, failed[0] if failed else None)


def _editable(
    buttons: Sequence[actions.Action], first: Step | None, failed: Sequence[Step]
) -> dict[str, Any]:
    """The failed call whose input may be changed before it is retried; only where it is short
    enough to edit. Others that ``failed`` go on as they were.
    """
    # A person who has to give a reason acts for others, and changes nobody's input.
    may_edit = any(
        action.sheet is not None
        and action.sheet.edits_call
        and action.is_allowed
        and not action.asks_reason
        for action in buttons
    )
    is_call = first is not None and first.kind == "call"
    shown = (
        values.shown(getattr(first, "arguments_text", None), first.control)
        if first and is_call
        else None
    )
    can_edit = may_edit and shown is not None and not shown.is_cut
    return {
        "failed": first,
        "can_edit": can_edit,
        "others_failed": [step.name for step in failed if step is not first],
        "arguments": shown.text if can_edit and shown else "",
    }


def _values(execution: Execution) -> dict[str, Any]:
    return {
        f"shown_{name}": values.shown(getattr(execution, f"{name}_text", None))
        for name in ("input", "output")
    }


def execution_parts(
    execution: Execution, role: Role, steps: Sequence[Step], events: Sequence[Event]
) -> list[Part]:
    """Everything on an execution's page that may have changed."""
    context = execution_context(execution, role)
    axis = listing.axis_of(execution)
    context["axis"] = axis
    parts = [
        Part(name, _render(name, context)) for name in ("headline", "standing", "axis", "result")
    ]
    for row in listing.changed(execution, steps, axis):
        name = "step" if row.node.step is not None else "group"
        shown = {"execution": execution, "node": row.node, "step": row.node.step}
        parts.append(Part(row.node.id, _render(name, shown), into=row.into))
    for event in sorted(events, key=lambda each: each.seq):
        parts.append(
            Part(
                f"event-{event.seq}",
                _render("event", {"event": event}),
                into="history",
                at="afterbegin",
            )
        )
    return parts


def row_part(execution: Execution) -> Part:
    """The execution as a row of a list, with all columns: each list shows those of its reader."""
    shown = {"execution": execution, "columns": COLUMNS}
    return Part(row_id(execution.pk), _render("row", shown))


def row_id(execution_id: uuid.UUID) -> str:
    return f"row-{execution_id.hex}"


def badge_part(unread: int) -> Part:
    return Part("unread-badge", _render("badge", {"unread": unread}))


def _render(name: str, context: dict[str, Any]) -> str:
    # Without the newline at the end, which would pile up in the page.
    return render_to_string(f"dashboard/fragments/{name}.html", context).strip()
