"""The function of the verb; its row is in ``rows/undo_restore.py``."""

from __future__ import annotations

from django.contrib.auth.models import User

from executions.models import Execution
from executions.verbs.deciding import foreseen
from executions.verbs.deciding.restore import undo_restore as act

__all__ = ["act", "would"]


def would(execution: Execution, actor: User) -> foreseen.UndoPreview:
    """The effect of ``act`` now. Raises Refused as it would, but for the reason."""
    return foreseen.of_undo(execution.pk, actor)
