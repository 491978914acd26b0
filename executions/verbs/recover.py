"""The function of the verb; its row is in ``rows/recover.py``."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import User

from executions.models import Execution
from executions.verbs.deciding import decisions, upgrade
from executions.verbs.deciding.decisions import Decided


def act(
    execution_id: uuid.UUID,
    actor: User,
    *,
    version: int | None = None,
    expected_seq: int | None = None,
    reason: str = "",
) -> Decided:
    """Verify and go on, with another version of the workflow where one is named. Raises Refused."""
    if version is None:
        return decisions.recover(execution_id, actor, expected_seq=expected_seq, reason=reason)
    return upgrade.recover_onto(
        execution_id, actor, version, expected_seq=expected_seq, reason=reason
    )


def would(execution: Execution, actor: User, *, version: int) -> upgrade.RecoverPreview:
    """The effect of going on with this version now. Raises Refused as ``act`` would, but for what
    is shown.
    """
    return upgrade.preview(execution.pk, actor, version)
