"""What the verb does; its row is in ``rows/decide.py``."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.models import User

from executions.engine import decisions
from executions.engine.decisions import Decided


def act(
    execution_id: uuid.UUID,
    actor: User,
    *,
    choice: str,
    output: Any = None,
    expected_seq: int | None = None,
    reason: str = "",
) -> Decided:
    """Answer a step of which nobody knows whether it happened. Raises Refused."""
    return decisions.decide(execution_id, actor, choice, expected_seq=expected_seq, output=output, reason=reason)
