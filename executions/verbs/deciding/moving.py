"""How a verb writes its move: once, at the place of the run that the person saw."""

from __future__ import annotations

from typing import Any

from executions import clock
from executions.driving import report
from executions.errors import Refused
from executions.journal.events import EventName
from executions.models import Execution
from executions.models.move import Applied, Move, Standing
from executions.models.moves import apply
from executions.states import Phase


def apply_or_refuse(move: Move) -> Applied:
    """The run right after the move. Raises Refused (``stale``) where the run had moved on."""
    applied = apply(move)
    if applied is None:
        raise Refused(
            "stale", "Somebody else was faster.", remedy="Look at what changed, then decide again."
        )
    return applied


def noted(
    name: EventName, execution: Execution, actor_id: int, *, is_driven: bool = False, **said: Any
) -> Applied:
    """Write an event into the history of a run: no step and no phase changes. A run that
    ``is_driven`` moves on meanwhile; any other stands where the person saw it.

    Raises Refused (``stale``).
    """
    now = clock.now()
    move = Move(
        execution.pk,
        Standing(frozenset({Phase(execution.phase)}), None if is_driven else execution.head_seq),
        events=[report.plain(name, execution, now, actor_id, **said)],
        owner_id=execution.owner_id,
        correlation_id=execution.correlation_id,
        at=now,
    )
    return apply_or_refuse(move)
