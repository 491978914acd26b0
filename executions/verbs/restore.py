"""What the verb does; its row is in ``rows/restore.py``."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import User

from executions.verbs.deciding.decisions import Decided
from executions.verbs.deciding.restore import restore


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
