"""A step that is another run: started once, in the transaction that parks the parent, and waited
for.

The child is found by its parent and the key of the step, so that no crash makes a second one. Its
end wakes the parent (:mod:`executions.models.move_sql`), which then reads how it ended.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, NoReturn

from django.contrib.auth.models import User
from pydantic import ValidationError

from executions import clock, policy
from executions.agents.taint import reads_outside
from executions.calls.agent.limits import RunLimits
from executions.calls.outcome import Done, Fail
from executions.driving import stopping
from executions.driving.attempts import allowance
from executions.driving.attempts.effects import Stood
from executions.driving.drive import Drive, sooner
from executions.driving.family import Family
from executions.errors import Refused, WorkflowError
from executions.ids import public_id
from executions.intake import create_execution as intake
from executions.intake.execution_draft import ExecutionDraft
from executions.intake.slugs import slug_of
from executions.journal.decided import Child, prefix_of_child
from executions.journal.operation import child_key
from executions.journal.records import StepRecord
from executions.language.walking.requests import Spawn
from executions.models import Execution, Workflow, WorkflowVersion
from executions.models.resource import meant_by
from executions.secrets.sealing import labelled
from executions.states import ENDED_PHASES, Phase, WaitingFor
from executions.values import dumps

MOST_DEEP = 16
MOST_CHILDREN = 1_000
NEWEST = "latest"
# The end of a child wakes its parent; should that ever be missed, it looks by itself.
LOOK_AGAIN = timedelta(seconds=60)
BUSY = timedelta(seconds=5)


def outcome_of(drive: Drive, request: Spawn) -> Done | Fail:
    """How the child ended or, where it was let go, which it is.

    Raises Parked while it is waited for.
    """
    held = Child.of(request.step)
    child = _child_of(drive, request.step)
    if child is None:
        if held.child is not None:
            run = public_id(prefix_of_child(request.step.arguments), held.child)
            detail = f"The run {run} that this step started is not there any more."
            return _failed(WorkflowError.standard("runtime", detail, status=404))
        return _started(drive, request)
    held.child = child.pk
    if not request.awaited:
        return Done({"id": child.public_id})
    if child.phase in ENDED_PHASES:
        ended = _ended(child)
        if drive.execution.kind == "agent":
            spent = drive.store.call(partial(allowance.spent_by, child))
            return replace(ended, spent=spent) if spent else ended
        return ended
    if request.deadline_at is not None and clock.now() >= request.deadline_at:
        drive.store.call(partial(stopping.cancel_with_children, child.pk))
        detail = f"The run {child.public_id} did not end within its time limit."
        return _failed(WorkflowError.standard("timeout", detail))
    _park(drive, request, awaits=(child.pk,))


def _started(drive: Drive, request: Spawn) -> Done | Fail:
    step, stood = request.step, Stood.of(drive, request.step)
    try:
        width = allowance.width_at(drive.journal.steps, step.path)
        draft = drive.store.call(partial(_draft, drive.execution, step, width, drive.family))
        draft.input = drive.secrets.redact(draft.input)
        if isinstance(draft.version, WorkflowVersion):
            # Foreign text: not in a transaction.
            intake.check_input(draft.version.document, draft.input, str(draft.owner.pk))
    except Refused as problem:
        if problem.code == "unavailable":
            # The check of the input is busy: nothing was begun.
            drive.park(
                clock.now() + BUSY,
                WaitingFor.BACK_OFF,
                take_back=partial(stood.put_back, drive, step),
            )
        status = 404 if problem.code == "not_found" else None
        return _failed(WorkflowError.standard("validation", problem.text, status=status))
    if drive.family is not None:
        drive.family.count += 1
    draft.descent |= {"is_awaited": request.awaited, "parent_key": child_key(step)}
    Child.of(step).child = draft.id

    def take_back() -> None:
        del Child.of(step).child
        stood.put_back(drive, step)

    also = partial(_create, draft)
    if request.awaited:
        _park(drive, request, also=also, take_back=take_back)
    drive.boundary.columns["current_step"] = step.path
    drive.boundary.commit(also=also, take_back=take_back)
    return Done({"id": draft.public_id})


def _park(drive: Drive, request: Spawn, **how: Any) -> NoReturn:
    wake_at = sooner(clock.now() + LOOK_AGAIN, request.deadline_at)
    drive.wait(request.step, wake_at, WaitingFor.CHILD, **how)


def look(drive: Drive, steps: Sequence[StepRecord]) -> None:
    """Read once what these steps need, if they are several."""
    keys = [child_key(step) for step in steps]
    several = len(keys) > 1
    drive.family = drive.store.call(partial(Family.of, drive.execution, keys)) if several else None


def _child_of(drive: Drive, step: StepRecord) -> Execution | None:
    key, family = child_key(step), drive.family
    if family is not None and key in family.children:
        # Of one look: whoever asks again has begun to wait since.
        return family.children.pop(key)
    return drive.store.call(partial(_found, drive.execution, key))


def _found(execution: Execution, key: str) -> Execution | None:
    return Execution.objects.filter(parent=execution.pk, parent_key=key).first()


def _draft(
    execution: Execution, step: StepRecord, width: int, family: Family | None
) -> ExecutionDraft:
    """The run to start, where so many branches share what agents may use. Raises Refused."""
    family = family or Family.of(execution, [])
    wanted = step.arguments
    if execution.depth >= MOST_DEEP:
        message = (
            f"Runs that start runs are at most {MOST_DEEP} deep; this one is the last that may"
            " stand there."
        )
        raise Refused("conflict", message, remedy="Does a workflow start itself without an end?")
    if family.count >= MOST_CHILDREN:
        raise Refused(
            "conflict",
            f"A run starts at most {MOST_CHILDREN:,} others.",
            remedy="Start them from several.",
        )
    draft = ExecutionDraft(
        owner=family.owner,
        correlation_id=execution.correlation_id,
        queue=execution.queue,
        descent={
            "parent_id": execution.pk,
            "depth": execution.depth + 1,
            "confined_to": _confined_to(execution),
        },
    )
    if "agent" in wanted:
        _of_agent(draft, wanted)
    else:
        _of_workflow(draft, wanted, family)
    allowance.hand_on(execution, draft, width, wanted)
    if draft.kind == "agent":
        tainted_by = wanted.get("tainted_by") or _read_outside(execution)
        if tainted_by:
            draft.input["tainted_by"] = tainted_by
    return draft


def _confined_to(execution: Execution) -> list[list[str]] | None:
    """The hosts that a run may reach that this one starts: each of the lists has to allow it."""
    lists = list(execution.confined_to or ())
    version = execution.agent_version
    if version is not None and version.document.get("hosts") is not None:
        lists.append(version.document["hosts"])
    return lists or None


def _read_outside(execution: Execution) -> str:
    """The workflow that may have read what anybody writes; empty where it did not."""
    version = execution.version
    if version is None or not reads_outside(version.document):
        return ""
    return f"the workflow {version.workflow.slug}"


def _of_workflow(draft: ExecutionDraft, wanted: Mapping[str, Any], family: Family) -> None:
    names = wanted["namespace"], wanted["name"]
    if names not in family.workflows:
        family.workflows[names] = _workflow(draft.owner, *names)
    draft.workflow = family.workflows[names]
    draft.version = _version(draft.workflow, wanted["version"])
    default = draft.workflow.default_instance
    usual = copy.deepcopy(default.default_input) if default is not None else {}
    draft.input = wanted.get("input", usual)


def _of_agent(draft: ExecutionDraft, wanted: Mapping[str, Any]) -> None:
    """It sees the message, and the data below it; nothing else of its parent. Raises Refused."""
    draft.kind, name = "agent", str(wanted["agent"])
    rows = policy.visible_agents(draft.owner).select_related("head_version", "default_instance")
    draft.agent = meant_by(rows, draft.owner, name)
    if draft.agent is None or draft.agent.head_version is None:
        raise Refused("not_found", f"There is no agent {name[:100]!r}.")
    draft.version = draft.agent.head_version
    asked = wanted.get("model") or draft.version.document.get("model") or ""
    message = str(wanted["message"])
    if wanted.get("input") is not None:
        message += f"\n\n```json\n{dumps(wanted['input'])}\n```"
    draft.input = {"message": message, "model": policy.model_for(draft.owner, str(asked)).name}
    if wanted.get("limits") is not None:
        draft.input["limits"] = _limits(wanted["limits"])


def _limits(limits: Any) -> Any:
    """Raises Refused where an expression gave what is none."""
    try:
        RunLimits.model_validate(limits)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        where = ".".join(map(str, problem["loc"]))
        raise Refused("invalid", f"`limits` cannot be used: {where}: {problem['msg']}.") from None
    return limits


def _workflow(owner: User, namespace: str, name: str) -> Workflow:
    """A private one of the owner's goes before the shared one of that name. Raises Refused."""
    absent = Refused(
        "not_found", f"There is no workflow {name[:100]!r} in the namespace {namespace[:100]!r}."
    )
    try:
        slug = slug_of(name)
    except Refused:
        raise absent from None
    rows = policy.visible_workflows(owner).filter(namespace=namespace)
    workflow = meant_by(rows.select_related("head_version", "default_instance"), owner, slug)
    if workflow is None:
        raise absent
    return workflow


def _version(workflow: Workflow, wanted: str) -> WorkflowVersion:
    """The newest whose document says this version. Raises Refused."""
    head = workflow.head_version
    if wanted == NEWEST and head is not None:
        return head
    for row in workflow.versions.order_by("-number").iterator():
        if row.document["document"]["version"] == wanted:
            return row
    raise Refused("not_found", f"The workflow {workflow.slug} has no version {wanted[:100]!r}.")


def _create(draft: ExecutionDraft) -> None:
    """The row of the child, in the transaction of its parent's step; it may be run again."""
    made = copy.copy(draft)
    intake.resolve_slug(made)
    intake.create_default_instance_if_needed(made)
    if made.kind == "agent":
        intake.create_session_if_needed(made)
    intake.build_row(made)
    intake.set_initial_phase(made)
    intake.persist(made)


def _ended(child: Execution) -> Done | Fail:
    if child.phase == Phase.COMPLETED:
        # A sealed value opens in its own run only; others see that a secret stood there.
        output = json.loads(labelled(dumps(child.output)))
        return Done(output | {"execution": child.public_id} if child.kind == "agent" else output)
    if child.phase != Phase.FAILED:
        ended = "cancelled" if child.phase == Phase.CANCELLED else "terminated"
        detail = (
            f"The run {child.public_id} was {ended}. A retry as a new operation starts another one."
        )
        return _failed(WorkflowError.standard("runtime", detail))
    error = (
        WorkflowError.standard("runtime", child.failure_reason)
        if child.error is None
        else WorkflowError(**child.error)
    )
    said = error.detail or error.title
    detail = f"The run {child.public_id} failed" + (f": {said}" if said else ".")
    return _failed(WorkflowError(error.type, error.status, error.title, detail))


def _failed(error: WorkflowError) -> Fail:
    return Fail(error, transient=False, rule="another run", answered=True)
