"""The findings of ``stigmer repair``, in lines and in JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from executions.recovery.repair import RepairReport


def report_lines(report: RepairReport) -> Iterator[str]:
    """One line for each orphan, and a sum."""
    for orphan in report.found:
        outcome = (
            f"mended with {orphan.child}" if orphan.child else orphan.problem or "would be mended"
        )
        yield f"{orphan.parent}  {orphan.slug}: {orphan.reason}; {outcome}"
    verb = "to mend" if report.dry_run else "mended"
    yield f"{len(report.found) if report.dry_run else report.mended} {verb}"


def as_json(report: RepairReport) -> dict[str, Any]:
    orphans = [asdict(orphan) for orphan in report.found]
    return {"dry_run": report.dry_run, "mended": report.mended, "found": orphans}
