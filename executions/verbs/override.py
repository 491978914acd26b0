"""The function of the verb; its row is in ``rows/override.py``."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import User

from executions.errors import Refused
from executions.models import Execution
from executions.said import Said
from executions.states import Phase
from executions.verbs.deciding.override import (
    Overridden,
    OverridePreview,
    override,
    possible,
    preview,
)


def act(
    execution_id: uuid.UUID,
    actor: User,
    *,
    to: str,
    expected_seq: int | None = None,
    reason: str,
) -> Phase:
    """Put it into another phase. Raises Refused."""
    if to not in set(Phase):
        remedy = Said("Choose one of those on the page.")
        raise Refused("invalid", Said("There is no phase {to!r}.", to=to[:40]), remedy=remedy)
    return override(execution_id, actor, Phase(to), expected_seq=expected_seq, reason=reason)


def look(execution: Execution, actor: User) -> OverridePreview:
    """The phases to choose from, where none is named yet. Raises Refused for people who may not."""
    return possible(execution, actor)


def would(execution: Execution, actor: User, *, to: str = "") -> Overridden:
    """The phases before and after it, and what the second means. Raises Refused where that is not
    possible now.
    """
    return preview(execution, to)
