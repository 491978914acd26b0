"""The rows of workspaces: what an attempt is told of that of its run, and what is written of it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Sum
from django.db.models.functions import Now

from executions.calls.outcome import LeftFile, SavedWork
from executions.calls.workspace.git import MIRROR_INSIDE, mirror_in
from executions.errors import Refused
from executions.models import Artifact, Execution, Workspace
from executions.models.transactions import atomic
from executions.models.workspace import WorkspaceState
from executions.worker_identity import here
from executions.workspaces import handing

_NOTHING_SAVED = {"saved_digest": "", "saved_commit": "", "saved_problem": "", "saved_at": None}
# Without a word of the workflow: long enough to look at it, and longer where something went wrong.
SUCCESS_DAYS, FAILURE_DAYS = 1.0, 7.0


def folder_of(workspace: Workspace) -> Path:
    """Its folder on its host."""
    return Path(settings.STIGMER_WORKSPACE_FOLDER) / workspace.name


def begin(execution: Execution, key: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The row of the workspace that is made now, under this key; what the attempt is told.

    One that was made under the key before is what it is: ``made`` tells it. So does one in which a
    run before this one worked that this one goes on from.
    """
    keep = arguments.get("keep") or {}
    columns = {
        "key": key,
        "host": here().host,
        "is_persistent": bool(arguments.get("persistent")),
        "keep_success_days": _days(keep, "afterSuccess", SUCCESS_DAYS),
        "keep_failure_days": _days(keep, "afterFailure", FAILURE_DAYS),
        "remake_after_seconds": arguments.get("remakeAfterSeconds"),
    }
    with atomic():
        bind(execution.pk, here().host)
        before = handing.before(execution, arguments)
        if taken := _taken(execution, before, columns):
            return {"made": _output(taken, before)}
        workspace, _ = Workspace.objects.get_or_create(
            execution_id=execution.pk, defaults=columns | {"name": execution.pk.hex}
        )
        is_made = workspace.state == WorkspaceState.READY and workspace.key == key
        if is_made and workspace.host == here().host and folder_of(workspace).is_dir():
            return {"made": _output(workspace, before)}
        fresh: dict[str, Any] = dict.fromkeys(("removed_at", "examined_at"))
        fresh["handed_to"] = ""
        # Another host counts by a clock of its own.
        fresh |= {"state": WorkspaceState.MAKING, "saved_order": 0}
        if workspace.key != key:
            fresh |= _NOTHING_SAVED
        Workspace.objects.filter(pk=workspace.pk).update(**columns | fresh, keep_until=None)
    used = Workspace.objects.of_host(here().host).there().aggregate(used=Sum("size_bytes"))["used"]
    own = workspace if workspace.key == key and workspace.start_commit else None
    again = own or (before.workspace if before.is_stored_elsewhere else None)
    return {
        "name": workspace.name,
        "path": workspace.path,
        "again": _again(again) if again else None,
        "note": before.why,
        "used_bytes": used or 0,
        "most_bytes": settings.STIGMER_WORKSPACES_BYTES,
    }


def _taken(
    execution: Execution, before: handing.Before, columns: Mapping[str, Any]
) -> Workspace | None:
    """The folder of the run before this one, which is this one's from now on; None where it is to
    have one of its own.
    """
    row = before.workspace
    if row is None or Workspace.objects.filter(execution_id=execution.pk).exists():
        return None
    is_here = row.host == here().host and folder_of(row).is_dir()
    return handing.take(execution, row, columns) if is_here else None


def _again(workspace: Workspace) -> dict[str, str]:
    """Of what a workspace that was made before is made again."""
    return {
        "commit": workspace.start_commit,
        "digest": workspace.saved_digest,
        "saved_commit": workspace.saved_commit,
    }


def bind(execution_id: uuid.UUID, host: str) -> None:
    """Only a worker of this host may take the run from now on; empty: any. The caller writes what
    became of the workspace in the same transaction.
    """
    Execution.objects.filter(pk=execution_id).exclude(host=host).update(host=host)


def lost(execution_id: uuid.UUID) -> None:
    """It has to be made again: nothing in its folder counts any more. The caller lets the step that
    made it run again.
    """
    Workspace.objects.filter(execution_id=execution_id).update(
        state=WorkspaceState.MAKING, examined_at=None, keep_until=None
    )


def made(execution: Execution, key: str, output: Mapping[str, Any]) -> None:
    """It is ready, as the attempt says."""
    rows = Workspace.objects.of_host(here().host)
    rows.filter(execution_id=execution.pk, key=key).update(
        state=WorkspaceState.READY,
        repository=output.get("repository") or "",
        branch=output.get("branch") or "",
        mirror=output.get("mirror") or "",
        start_commit=output.get("commit") or "",
        problem="",
    )


def _output(workspace: Workspace, before: handing.Before) -> dict[str, Any]:
    output: dict[str, Any] = {"path": workspace.path}
    if before.run:
        output["continues"] = before.run
    if workspace.repository:
        output |= {
            "repository": workspace.repository,
            "branch": workspace.branch,
            "commit": workspace.start_commit,
            "mirror": workspace.mirror,
        }
    return output


def use(execution: Execution) -> dict[str, Any]:
    """The facts about the workspace of this run, for a command in it. Raises Refused where it has
    none that can be used here.
    """
    workspace = Workspace.objects.filter(execution_id=execution.pk).first()
    again = "Restore the run to its beginning: another one is made then."
    if workspace is None or workspace.state == WorkspaceState.MAKING:
        raise Refused("invalid", f"The run has no workspace. {again}")
    if workspace.handed_to:
        went = f"The run {workspace.handed_to} went on in the run's workspace."
        raise Refused("invalid", f"{went} {again}")
    if workspace.state == WorkspaceState.REMOVED:
        raise Refused("invalid", f"The run's workspace was removed. {again}")
    if workspace.host != here().host:
        raise Refused(
            "invalid",
            f"The run's workspace is on the host {workspace.host}, and this worker is on"
            f" {here().host}. Start a worker there and retry.",
        )
    if not folder_of(workspace).is_dir():
        raise Refused("invalid", f"The folder of the run's workspace is gone. {again}")
    if workspace.examined_at is not None or workspace.keep_until is not None:
        changed = {"examined_at": None, "keep_until": None}
        Workspace.objects.filter(pk=workspace.pk).update(**changed)
    return {
        "workspace": str(folder_of(workspace)),
        "read_only": read_only(workspace),
        "start_commit": workspace.start_commit,
    }


def read_only(workspace: Workspace) -> dict[str, str]:
    """The folders that commands in it can read beside it."""
    if not workspace.mirror:
        return {}
    mirror = mirror_in(Path(settings.STIGMER_WORKSPACE_FOLDER), workspace.mirror)
    return {str(mirror): MIRROR_INSIDE}


def keep_saved(execution: Execution, saved: SavedWork) -> None:
    """Keep the state of the workspace after a command, unless a later one is kept already."""
    columns: dict[str, Any] = {"saved_problem": saved.problem}
    if not saved.problem:
        columns |= {"saved_digest": saved.digest, "saved_commit": saved.commit, "saved_at": Now()}
    rows = Workspace.objects.of_host(here().host).filter(execution_id=execution.pk)
    if saved.order:
        columns["saved_order"] = saved.order
        rows = rows.filter(saved_order__lt=saved.order)
    rows.update(**columns)


def keep_files(execution: Execution, path: str, files: Sequence[LeftFile]) -> None:
    """Files that a step has left are the run's. One of a name takes the place of an earlier one."""
    for file in files:
        Artifact.objects.update_or_create(
            execution_id=execution.pk,
            name=file.name,
            defaults={"path": path, "digest": file.digest, "size": file.size},
        )


def _days(keep: Mapping[str, Any], name: str, usual: float) -> float:
    days = keep.get(name)
    return usual if days is None else float(days)
