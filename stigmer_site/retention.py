"""``STIGMER_RETENTION``: how many days runs are kept after they ended in a phase."""

from __future__ import annotations

from collections.abc import Mapping

from environs import ValidationError

from executions.states import ENDED_PHASES

LONGEST_DAYS = 36_500


def phases_and_days(days_by_phase: Mapping[str, int]) -> None:
    """Raises ValidationError for a phase that is no end, and for days that are none."""
    phases = ", ".join(sorted(ENDED_PHASES))
    for phase, days in days_by_phase.items():
        if phase not in {str(each) for each in ENDED_PHASES}:
            raise ValidationError(f"{phase!r} is no phase in which a run ends: {phases}.")
        if not 0 <= days <= LONGEST_DAYS:
            raise ValidationError(f"{phase}={days}: days are from 0 to {LONGEST_DAYS}.")
