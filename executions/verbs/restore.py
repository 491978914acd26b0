"""The function of the verb; its row is in ``rows/restore.py``."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import User

from executions.models import Execution
from executions.verbs.deciding.decisions import Decided
from executions.verbs.deciding.restore import RestorePreview, preview, restore


def act(
    execution_id: uuid.UUID,
    actor: User,
    *,
    checkpoint_seq: int,
    expected_seq: int | None = None,
    reason: str,
) -> Decided:
    """Go back to a checkpoint; 0 is the beginning. Raises Refused."""
    return restore(execution_id, actor, checkpoint_seq, expected_seq=expected_seq, reason=reason)


def would(execution: Execution, actor: User, *, checkpoint_seq: int) -> RestorePreview:
    """The effect of ``act`` now. Raises Refused as it would, but for the reason."""
    return preview(execution.pk, actor, checkpoint_seq)
