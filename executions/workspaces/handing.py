"""The folder of a conversation: the next run of it goes on in the folder of the one before it."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Coalesce, Now

from executions.ids import parse_public_id
from executions.journal.paths import WORKSPACE
from executions.models import Execution, Step, Workspace
from executions.models.workspace import WorkspaceState
from executions.states import ENDED_PHASES, Phase
from executions.worker_identity import here

# Two runs that say the same of these work in the same kind of folder.
_SAME = ("repository", "base", "branch")
# So many runs before it may have ended before they had a folder.
MOST_WITHOUT = 20
NOBODY = uuid.UUID(int=0)
_UNSEEN = "The next run went on in the folder before it was looked at: its page has the changes."


@dataclass(frozen=True, slots=True)
class Before:
    """The ``workspace`` in which a run may go on, else in a sentence ``why`` there is none: both
    are empty where no run before it had one. ``run`` is the id of the run that had it.
    """

    workspace: Workspace | None = None
    why: str = ""
    run: str = ""

    @property
    def is_stored_elsewhere(self) -> bool:
        """Whether another one can be made of what was stored of it: its own host has it."""
        row = self.workspace
        return row is not None and row.host != here().host and bool(row.saved_digest)


def before(execution: Execution, wanted: Mapping[str, Any]) -> Before:
    """The workspace in which this run may go on, which wants one of these arguments.

    It is that of the run whose messages come before its own, else of a run that took it from there
    and did not complete. A run that goes on from an earlier turn has a folder of its own: the
    other one holds what came after that turn.
    """
    run_input = execution.input if execution.kind == "agent" else {}
    rows = Workspace.objects.select_related("execution").filter(
        execution__owner=execution.owner_id, execution__agent=execution.agent_id
    )
    row = first = _before(rows, run_input)
    if row is not None and run_input.get("from_turn") is not None:
        return Before(why="It goes on from an earlier turn: a folder of its own was made.")
    while row is not None and row.handed_to:
        if row.handed_to == execution.public_id:
            return Before(run=row.execution.public_id)
        # Each was made after the one before it: this ends.
        row = rows.filter(execution_id=_key(row.handed_to)).first()
    return Before() if row is None else _judged(row, wanted, is_first=row == first)


def _before(rows: QuerySet[Workspace], run_input: Mapping[str, Any]) -> Workspace | None:
    """Of the run that it goes on from; of one before that, where that one ended without one."""
    for _ in range(MOST_WITHOUT):
        key = _key(str(run_input.get("from_run") or ""))
        if row := rows.filter(execution_id=key).first():
            return row
        run_input = Execution.objects.filter(pk=key).values_list("input", flat=True).first() or {}
        if run_input.get("from_turn") is not None:
            return None
    return None


def _key(run: str) -> uuid.UUID:
    return parse_public_id(run, "aex") or NOBODY


def _judged(row: Workspace, wanted: Mapping[str, Any], *, is_first: bool) -> Before:
    run = row.execution.public_id
    if not is_first and row.execution.phase == Phase.COMPLETED:
        return Before(why=f"The folder went on with the run {run}: another one was made.")
    if row.execution.phase not in ENDED_PHASES:
        return Before(why=f"The run {run} works in the folder: another one was made.")
    steps = Step.objects.standing().filter(execution_id=row.execution_id, path=WORKSPACE)
    had = steps.values_list("arguments", flat=True).first() or {}
    if any(had.get(name) != wanted.get(name) for name in _SAME):
        return Before(why=f"The run {run} worked in a folder of another kind.")
    if row.state != WorkspaceState.READY:
        return Before(why=f"The run {run} has no folder that is kept: another one was made.")
    return Before(row, run=run)


def take(execution: Execution, row: Workspace, columns: Mapping[str, Any]) -> Workspace | None:
    """The row by which this run has the folder from now on; None where the run before it needs it
    again, or it was removed meanwhile. The caller has opened the transaction.
    """
    # A retry of that run waits here for its lock, and finds its folder gone.
    Execution.objects.select_for_update(of=("self",)).get(pk=row.execution_id)
    mine = Workspace.objects.ended().filter(pk=row.pk, state=WorkspaceState.READY)
    is_taken = mine.update(
        state=WorkspaceState.REMOVED,
        handed_to=execution.public_id,
        # The folder keeps its name, and the next run has it.
        name=f"{row.execution_id.hex}-{secrets.token_hex(4)}",
        removed_at=Now(),
        problem=row.problem or ("" if row.is_examined else _UNSEEN),
        examined_at=Coalesce("examined_at", Now()),
        size_bytes=0,
        saved_digest="",
    )
    if not is_taken:
        return None
    Execution.objects.filter(pk=row.execution_id).exclude(host="").update(host="")
    return Workspace.objects.create(
        execution_id=execution.pk, state=WorkspaceState.READY, **_kept(row), **columns
    )


def _kept(row: Workspace) -> dict[str, Any]:
    """From the first commit of the folder on: its patch holds the work of the whole conversation,
    and it can be made again of what was stored.
    """
    names = ("name", "repository", "mirror", "branch", "start_commit", "size_bytes")
    saved = ("saved_digest", "saved_commit", "saved_at", "saved_order", "saved_problem")
    return {name: getattr(row, name) for name in (*names, *saved)}
