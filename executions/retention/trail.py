"""The oldest entries of the audit trail leave it for a signed file; the trail then begins at an
anchor. Only where somebody asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from executions import audit, clock
from executions.audit import anchors, keys
from executions.errors import Refused
from executions.models import AuditAnchor, AuditEntry
from executions.models.streaming import stream
from executions.models.transactions import atomic
from executions.retention import archiving
from executions.retention.files import settle, sha256_of
from executions.retention.format import Writer, plain
from stigmer_site.home import private_folder

AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Left:
    """``entries`` left the trail for ``file``; ``last`` is the newest of them."""

    entries: int
    file: str
    last: int


def let_go(before: datetime) -> Left | None:
    """Let the entries that are older leave; None where there are none. A part that was begun and
    broken off is finished first. Raises Refused where the trail is broken: its evidence stays.
    """
    for anchor in AuditAnchor.objects.filter(is_open=True):
        if anchors.is_true(anchor):
            _finish(anchor)
    if problems := audit.problems():
        raise Refused(
            "conflict",
            f"The audit trail is broken: {problems[0].detail}",
            remedy="Look into it and acknowledge it first.",
        )
    newest = AuditEntry.objects.order_by("-id").first()
    last = AuditEntry.objects.filter(created_at__lt=before).order_by("-id").first()
    if newest is None or last is None:
        return None
    if last.pk == newest.pk:
        # The trail goes on from its newest entry.
        last = AuditEntry.objects.filter(pk__lt=last.pk).order_by("-id").first()
    return None if last is None else _left(last)


def _left(last: AuditEntry) -> Left:
    folder = private_folder(settings.STIGMER_ARCHIVE_FOLDER)
    name = f"audit-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.jsonl.gz"
    number = _written(folder / name, last.pk)
    with atomic():
        anchor = AuditAnchor(
            last_id=last.pk,
            last_hash=last.hash,
            entries=number,
            file=name,
            sha256=sha256_of(folder / name),
            key=keys.signing().id,
            created_at=clock.now(),
        )
        anchor.signature = anchors.signature(anchor)
        anchor.save(force_insert=True)
        after = {"entries": number, "last": last.pk, "sha256": anchor.sha256}
        audit.record_installation("let entries go", name, None, after=after)
    _finish(anchor)
    return Left(number, name, last.pk)


def _written(path: Path, last: int) -> int:
    columns = [field.attname for field in AuditEntry._meta.concrete_fields]
    with Writer(path) as writer:
        archiving.header(writer, "audit trail")
        writer.begin()
        for entry in stream(AuditEntry.objects.filter(pk__lte=last).order_by("id")):
            values = {name: plain(getattr(entry, name)) for name in columns}
            writer.row(AuditEntry._meta.label_lower, values)
        writer.seal()
    path.chmod(0o600)
    settle(path)
    settle(path.parent)
    return writer.rows


def _finish(anchor: AuditAnchor) -> None:
    """Delete what the anchor covers, a little at a time, and close it."""
    while True:
        rows = AuditEntry.objects.filter(pk__lte=anchor.last_id).order_by("id")
        some = list(rows.values_list("pk", flat=True)[:AT_ONCE])
        if not some:
            break
        AuditEntry.objects.filter(pk__lte=some[-1])._raw_delete("default")
    AuditAnchor.objects.filter(pk=anchor.pk).update(is_open=False)
