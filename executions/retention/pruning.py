"""Archiving runs that are kept no longer, a batch at a time, so that nobody waits for it.

A batch is written to a file, the file is put on the disk and named in its row, and only then what
is in it is deleted, a few runs a transaction. A process that is killed anywhere leaves a file that
is thrown away (nothing was deleted yet), or a row whose runs are deleted by whoever comes next.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from socket import gethostname

import structlog
from django.conf import settings

from executions import audit, clock
from executions.alone import alone_in
from executions.models import Archive, Execution, PrunedExecution
from executions.models.transactions import atomic
from executions.retention import archiving, families, tables
from executions.retention.files import settle, sha256_of
from executions.retention.format import Writer, lines
from executions.retention.rules import cutoffs
from executions.states import ENDED_PHASES
from stigmer_site.home import private_folder

# One file holds about so many runs.
BATCH = 500
# One transaction deletes about so many; a family is never parted.
TOGETHER = 50
PER_LOOK = 1_000
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pruned:
    """``executions`` are gone, with ``rows`` rows in all; ``archive`` names the file, ``last`` is
    the newest of them.
    """

    executions: int
    rows: int
    archive: str
    bytes: int
    last: uuid.UUID | None = None


def go_on(
    after: uuid.UUID | None = None, is_stopping: Callable[[], bool] = lambda: False
) -> Pruned | None:
    """Finish what was begun, else archive the next batch behind ``after``; None where there is
    nothing to do. ``is_stopping`` is asked between two transactions.
    """
    with alone() as is_alone:
        if not is_alone:
            return None
        for archive in Archive.objects.filter(done_at=None, host=gethostname()).order_by("id"):
            if archive.sha256:
                return _finished(archive, is_stopping)
            _thrown_away(archive)
        batch = _next(after)
        return None if not batch else _finished(_written(batch), is_stopping)


@contextmanager
def alone() -> Iterator[bool]:
    """Whether nobody else of this host archives now; then nobody begins meanwhile."""
    with alone_in(private_folder(settings.STIGMER_ARCHIVE_FOLDER)) as is_alone:
        yield is_alone


def _next(after: uuid.UUID | None) -> list[list[uuid.UUID]]:
    batch, number = [], 0
    for members in families.due(cutoffs(), after, PER_LOOK):
        batch.append(members)
        number += len(members)
        if number >= BATCH:
            break
    return batch


def _written(batch: Sequence[Sequence[uuid.UUID]]) -> Archive:
    """A file of these families, whole and on the disk."""
    folder = private_folder(settings.STIGMER_ARCHIVE_FOLDER)
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    archive = Archive.objects.create(
        name=f"runs-{stamp}.jsonl.gz", host=gethostname(), created_at=clock.now()
    )
    keys = [key for members in batch for key in members]
    path = folder / archive.name
    with Writer(path) as writer:
        archiving.header(writer, "retention")
        rows = list(_loaded(keys))
        archiving.definitions(writer, rows)
        archiving.add(writer, rows)
        writer.seal()
    path.chmod(0o600)
    settle(path)
    archive.sha256, archive.bytes = sha256_of(path), path.stat().st_size
    archive.executions, archive.rows = writer.runs, writer.rows
    sums = path.with_name(f"{path.name}.sha256")
    sums.write_text(f"{archive.sha256}  {path.name}\n")
    sums.chmod(0o600)
    settle(folder)
    archive.save()
    return archive


def _loaded(keys: Sequence[uuid.UUID]) -> Iterator[Execution]:
    related = ("owner", "workflow", "version", "agent", "agent_version")
    heavy = ("input", "output", "error")
    rows = Execution.objects.filter(pk__in=keys).select_related(*related).defer(*heavy)
    yield from rows.order_by("pk")


def _thrown_away(archive: Archive) -> None:
    """A file that was never finished; everything that is in it is in the database still."""
    path: Path = settings.STIGMER_ARCHIVE_FOLDER / archive.name
    path.unlink(missing_ok=True)
    path.with_name(f"{path.name}.sha256").unlink(missing_ok=True)
    archive.delete()
    log.warning("an archive that was not finished is thrown away", archive=archive.name)


def _finished(archive: Archive, is_stopping: Callable[[], bool]) -> Pruned:
    """Delete what is in the file, as far as it is still what was written there."""
    path: Path = settings.STIGMER_ARCHIVE_FOLDER / archive.name
    if not path.exists() or sha256_of(path) != archive.sha256:
        # Nothing is deleted of which there is no proof that it can be read again.
        log.error("an archive is gone or was changed; its runs stay", archive=archive.name)
        archive.done_at = clock.now()
        archive.save(update_fields=["done_at"])
        return Pruned(0, 0, archive.name, archive.bytes)
    heads = _heads(path)
    gone = rows = 0
    for some in _families_of(sorted(heads)):
        if is_stopping():
            return Pruned(gone, rows, archive.name, archive.bytes)
        deleted, number = _deleted(archive, some, heads)
        gone, rows = gone + number, rows + deleted
    with atomic():
        archive.done_at = clock.now()
        archive.save(update_fields=["done_at"])
        after = {
            "executions": archive.pruned.count(),
            "rows": archive.rows,
            "sha256": archive.sha256,
        }
        audit.record_installation("archive runs", archive.name, None, after=after)
    log.info("runs archived", archive=archive.name, executions=gone, rows=rows)
    return Pruned(gone, rows, archive.name, archive.bytes, max(heads, default=None))


def _heads(path: Path) -> dict[uuid.UUID, int]:
    """Which runs are in the file, and at what sequence each of them stood."""
    heads = {}
    for _, entry in lines(path):
        if entry["t"] == tables.tables()[0].name:
            heads[uuid.UUID(entry["row"]["id"])] = int(entry["row"]["head_seq"])
    return heads


def _families_of(keys: Sequence[uuid.UUID]) -> Iterator[list[uuid.UUID]]:
    """A few together; a family never parted."""
    remaining, group = set(keys), list[uuid.UUID]()
    there = set(Execution.objects.filter(pk__in=keys).values_list("pk", flat=True))
    alone = families.loners(keys)
    for key in keys:
        if key not in remaining or key not in there:
            continue
        members = [key] if key in alone else families.family(key)
        remaining -= set(members)
        group += members
        if len(group) >= TOGETHER:
            yield group
            group = []
    if group:
        yield group


def _deleted(
    archive: Archive, keys: Sequence[uuid.UUID], heads: dict[uuid.UUID, int]
) -> tuple[int, int]:
    """In one transaction: how many rows, of how many runs.

    A family of which anything went on since it was written stays as a whole.
    """
    with atomic():
        locked = Execution.objects.select_for_update(of=("self",)).filter(pk__in=keys)
        rows = list(
            locked.order_by("pk").values_list("pk", "head_seq", "phase", "kind", "owner_id")
        )
        same = [row for row in rows if row[2] in ENDED_PHASES and heads.get(row[0]) == row[1]]
        if len(same) != len(rows):
            changed = {row[0] for row in rows} - {row[0] for row in same}
            spared = {member for key in changed for member in families.family(key)}
            same = [row for row in same if row[0] not in spared]
        now = clock.now()
        PrunedExecution.objects.bulk_create(
            PrunedExecution(id=key, kind=kind, owner_id=owner, archive=archive, pruned_at=now)
            for key, _, _, kind, owner in same
        )
        deleted = tables.delete([row[0] for row in same]) if same else 0
    return deleted, len(same)


def pending() -> int:
    """How many archives are begun and not done."""
    return Archive.objects.filter(done_at=None).count()
