"""The care for workspaces once their runs have ended: they are looked at, kept for a while and
removed, and so are folders that no row knows any more.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog
from django.conf import settings
from django.db.models.functions import Now

from executions import blobs, clock, sandbox
from executions.alone import alone_in
from executions.calls.workspace import git
from executions.isolation.visit import Seconds
from executions.models import Artifact, Workspace
from executions.models.artifact import PATCH
from executions.models.transactions import atomic
from executions.models.workspace import WorkspaceQuerySet, WorkspaceState
from executions.sandbox import Limits, Place, Spoiled
from executions.sandbox.files import open_below
from executions.sandbox.places import TEMPORARY, remove
from executions.states import Phase
from executions.worker_identity import here
from executions.workspaces.rows import bind, folder_of

EXAMINE_SECONDS = 120.0
BATCH = 20
# A file that was put into the folder a moment ago may get its row in a moment.
YOUNG_SECONDS = 3_600.0
_PASSING = "passing-"
# So long nobody packs a patch anew for a storage that was away.
AWAY_SECONDS = 60.0
_forget_at = _examine_at = 0.0
log = structlog.get_logger(__name__)


def storage() -> blobs.Storage:
    """The storage of the files that runs leave. Raises StorageFailed."""
    return blobs.at(settings.STIGMER_ARTIFACTS)


def examine_ended(is_closed: Callable[[], bool]) -> int:
    """Look at the workspaces of runs that have ended since; how many."""
    wanted = to_be_examined().select_related("execution")
    if time.monotonic() < _examine_at or not wanted.exists():
        return 0
    # Two that looked at one folder would clear away each other's patch.
    with _alone() as is_alone:
        ended = list(wanted.order_by("created_at")[:BATCH]) if is_alone else []
        for workspace in ended:
            if is_closed() or time.monotonic() < _examine_at:
                break
            examine(workspace)
    return len(ended)


def to_be_examined() -> WorkspaceQuerySet:
    """Those of this host whose run has ended and that nobody has looked at since."""
    rows = Workspace.objects.of_host(here().host).ended()
    return rows.filter(state=WorkspaceState.READY, examined_at=None)


def sweep(is_closed: Callable[[], bool]) -> None:
    """Remove what is kept no longer, unless another worker of this host does. Raises OSError."""
    with _alone() as is_alone:
        if not is_alone:
            return
        for removal in removals():
            if is_closed():
                return
            carry_out(removal)
        _forget_at_times()


def _forget_at_times() -> None:
    """As often as it may cost something; a storage that is away keeps nobody from the rest."""
    global _forget_at
    try:
        kept = storage()
        if time.monotonic() >= _forget_at:
            _forget_at = time.monotonic() + kept.unused_every_seconds
            forget_files()
    except blobs.StorageFailed as problem:
        log.warning("files that nobody needs stay", why=str(problem))


@contextmanager
def _alone() -> Iterator[bool]:
    folder = Path(settings.STIGMER_WORKSPACE_FOLDER)
    if not folder.is_dir():
        # Nothing was made here yet.
        yield True
        return
    with alone_in(folder) as is_alone:
        yield is_alone


def examine(workspace: Workspace) -> None:
    """Write down what the run has changed, keep its patch, and say how long it is kept."""
    global _examine_at
    columns: dict[str, object] = {"problem": ""}
    try:
        if workspace.start_commit:
            columns |= _changes(workspace)
        columns["size_bytes"] = size_of(folder_of(workspace))
    except blobs.StorageFailed as problem:
        if problem.may_pass:
            # Its patch would be lost: it is looked at again.
            _examine_at = time.monotonic() + AWAY_SECONDS
            log.warning("a patch cannot be stored", workspace=str(workspace), why=str(problem))
            why = f"The changes are not kept yet: {problem}"[:500]
            Workspace.objects.filter(pk=workspace.pk, examined_at=None).update(problem=why)
            return
        columns["problem"] = f"The changes are not kept: {problem}"[:500]
    except (git.GitFailed, Spoiled, OSError, ValueError) as problem:
        why = str(problem)
        log.warning("a workspace cannot be looked at", workspace=str(workspace), why=why)
        columns["problem"] = f"The changes are not known: {why}"[:500]
    is_success = workspace.execution.phase == Phase.COMPLETED
    days = workspace.keep_success_days if is_success else workspace.keep_failure_days
    keep_until = None if workspace.is_persistent else clock.now() + timedelta(days=days)
    Workspace.objects.filter(pk=workspace.pk, examined_at=None).update(
        **columns, examined_at=Now(), keep_until=keep_until
    )


def _changes(workspace: Workspace) -> dict[str, object]:
    place = Place(folder_of(workspace))
    place.clear()
    mirror = git.mirror_in(Path(settings.STIGMER_WORKSPACE_FOLDER), workspace.mirror)
    changes = git.examine(place, mirror, workspace.start_commit, around())
    with open_below(place.folder / TEMPORARY, git.PATCH) as file:
        if os.fstat(file.fileno()).st_size:
            stored = storage().put(file, settings.STIGMER_ARTIFACT_BYTES)
            Artifact.objects.update_or_create(
                execution_id=workspace.execution_id,
                name=PATCH,
                defaults={"path": "", "digest": stored.digest, "size": stored.size},
            )
    place.clear()
    return {
        "end_commit": changes.commit,
        "files_changed": changes.files,
        "insertions": changes.insertions,
        "deletions": changes.deletions,
        "uncommitted": changes.uncommitted,
    }


def around() -> git.Sandbox:
    """How git is run on a clone outside of any attempt. Raises GitFailed where it must not be."""
    folder, hidden = Path(settings.STIGMER_WORKSPACE_FOLDER), [Path(settings.STIGMER_HOME)]
    standing = sandbox.standing(folder, hidden)
    if not settings.STIGMER_COMMANDS or standing.refused(settings.STIGMER_COMMANDS_MAY):
        raise git.GitFailed("Commands are off on this worker.")
    limits = Limits(settings.STIGMER_COMMAND_MEMORY_BYTES, settings.STIGMER_WORKSPACE_BYTES)
    return git.Sandbox(folder, standing, hidden, limits, Seconds(EXAMINE_SECONDS))


@dataclass(frozen=True, slots=True)
class Removal:
    """A folder that is removed, or would be: its name, and why.

    ``workspace`` is the row that knows it, where one does.
    """

    name: str
    why: str
    bytes: int
    workspace: Workspace | None = None


def removals() -> Iterator[Removal]:
    """All on this host that is kept no longer, and what no row knows: nothing that a run works in,
    nothing persistent.
    """
    for workspace in Workspace.objects.of_host(here().host).due().select_related("execution"):
        yield Removal(workspace.name, "kept no longer", workspace.size_bytes, workspace)
    yield from _orphans()


def _orphans() -> Iterator[Removal]:
    folder = Path(settings.STIGMER_WORKSPACE_FOLDER)
    if not folder.is_dir():
        return
    rows = Workspace.objects.of_host(here().host).there()
    names = set(rows.values_list("name", flat=True))
    oldest = clock.now().timestamp() - YOUNG_SECONDS
    for path in sorted(folder.iterdir()):
        if path.name in names or path.name == git.MIRRORS or not path.is_dir():
            continue
        if path.stat().st_mtime <= oldest:
            why = "left by a command" if path.name.startswith(_PASSING) else "no run knows it"
            yield Removal(path.name, why, size_of(path))


def carry_out(removal: Removal) -> bool:
    """Remove it, unless it is needed by now; whether it is gone. Raises OSError."""
    if removal.workspace is not None:
        with atomic():
            still_due = Workspace.objects.due().filter(pk=removal.workspace.pk)
            if not still_due.update(state=WorkspaceState.REMOVED, removed_at=Now(), size_bytes=0):
                return False
            bind(removal.workspace.execution_id, "")
    remove(Path(settings.STIGMER_WORKSPACE_FOLDER) / removal.name)
    log.info("workspace removed", name=removal.name, why=removal.why)
    return True


def forget_files() -> int:
    """Remove the files that no run has any more; how many."""
    kept, count = storage(), 0
    for digest in kept.unused(YOUNG_SECONDS):
        saved = Workspace.objects.there().filter(saved_digest=digest)
        if not Artifact.objects.filter(digest=digest).exists() and not saved.exists():
            kept.remove(digest)
            count += 1
    return count


def size_of(folder: Path) -> int:
    """The bytes on disk; links are not followed."""
    size = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                size += os.lstat(os.path.join(parent, name)).st_blocks * 512
            except FileNotFoundError:
                continue
    return size
