"""The function of the verb; its row is in ``rows/undo_restore.py``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.contrib.auth.models import User

from executions.models import Execution
from executions.verbs.deciding import foreseen
from executions.verbs.deciding.restore import undo_restore as act

__all__ = ["act", "would"]


def would(execution: Execution, actor: User) -> dict[str, Any]:
    """The effect of ``act`` now. Raises Refused as it would, but for the reason."""
    shown = foreseen.of_undo(execution.pk, actor)
    return {**asdict(shown), "stays_done": [asdict(step) for step in shown.stays_done]}
