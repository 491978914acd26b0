"""Moments as a person types them."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from executions import spans
from executions.cli.exits import CommandError, ExitCode


def moment_of(text: str, zone: tzinfo | None = None) -> datetime:
    """``10m`` ago, or a date or time; one without a zone is meant in ``zone``, which is this
    machine's where none is named. Raises CommandError.
    """
    span = spans.read(text)
    try:
        if span is not None:
            return datetime.now(UTC) - span
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone()
    except (ValueError, OverflowError):
        raise CommandError(
            f"{text!r} is no moment.",
            remedy="Write 30s, 10m, 2h, 3d, 2026-11-29 or 2026-11-29T14:05.",
            code=ExitCode.USAGE,
        ) from None
