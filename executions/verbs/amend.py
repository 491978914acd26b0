"""The function of the verb; its row is in ``rows/amend.py``."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.models import User

from executions.verbs.deciding.amend import amend
from executions.verbs.deciding.decisions import Decided


def act(
    execution_id: uuid.UUID,
    actor: User,
    *,
    step_seq: int,
    output: Any,
    expected_seq: int | None = None,
    reason: str = "",
) -> Decided:
    """Change what a finished call gave. Raises Refused."""
    return amend(execution_id, actor, step_seq, output, expected_seq=expected_seq, reason=reason)
