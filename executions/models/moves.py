"""One move: the only place where an execution's phase, its Steps, Attempts and Events are written.

A move is one conditional UPDATE of the execution row and, only if that hit, everything that belongs
to it, in one transaction. Zero rows mean that somebody else moved first; nothing is written then.
The counter ``head_seq`` is raised by each move and numbers what the move wrote: finished steps
first, then events, without a gap.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import Error, connection, transaction

from executions import dispatch, nudges
from executions.models import move_sql
from executions.models.found_move import found
from executions.models.move import Applied, Claim, Guard, Lease, Move, Standing
from executions.models.passing import Trouble, trouble
from executions.models.transactions import atomic
from executions.states import MOVES, Phase
from executions.vendor import vendor

if TYPE_CHECKING:
    from executions.models.execution import Execution

__all__ = [
    "Applied",
    "Claim",
    "Guard",
    "Lease",
    "Move",
    "Standing",
    "announce_after_commit",
    "apply",
    "claim_all",
    "write",
]


def apply(move: Move) -> Applied | None:
    """Carry out one move and announce it once committed.

    None: its guard did not hold, and nothing was written.
    """
    applied = write(move)
    if applied is not None:
        announce_after_commit(move, applied)
    return applied


def claim_all(
    move: Move, execution_ids: Sequence[uuid.UUID], *, waits: bool = False
) -> list[tuple[Applied, Execution]]:
    """The same claim for each of these; those whose guard held, as they are now. The caller holds a
    transaction where it reads more of them, and ``waits`` for what somebody else has locked.
    """
    _check_is_legal(move)
    taken = move_sql.claim_all(move, execution_ids, waits=waits)

    def announce() -> None:
        for applied, execution in taken:
            nudges.announce(execution.pk, applied.head_seq, execution.owner_id)

    transaction.on_commit(announce, robust=True)
    return taken


def write(move: Move) -> Applied | None:
    """``apply`` without telling anybody; who calls this calls ``announce_after_commit`` in the same
    transaction.
    """
    _check_is_legal(move)
    if vendor() == "postgresql" and not (
        move.supersede or any(e.notify_owner for e in move.events)
    ):
        return _in_one_statement(move)
    with atomic():
        return move_sql.in_sequence(move)


def _in_one_statement(move: Move) -> Applied | None:
    """Outside a transaction its COMMIT may break off unheard: whoever runs the same move again is
    answered as if it had just been carried out, if it was.
    """
    if move.in_doubt and (applied := found(move)):
        return applied
    try:
        return move_sql.in_one_statement(move)
    except Error as problem:
        move.in_doubt = not connection.in_atomic_block and trouble(problem) is Trouble.AWAY
        raise


def _check_is_legal(move: Move) -> None:
    if move.phase is None:
        return
    origins = {Phase.IN_PROGRESS} if isinstance(move.guard, Lease) else move.guard.phases
    illegal = [phase for phase in origins if move.phase not in MOVES[phase]]
    if illegal:
        raise AssertionError(
            f"No execution may go from {illegal[0]} to {move.phase} (executions.states.MOVES)."
        )
    if move.phase is Phase.FAILED and not move.columns.get("cause"):
        raise AssertionError("A move into FAILED names its cause (executions.driving.report).")


def announce_after_commit(move: Move, applied: Applied) -> None:
    """Tell the pages and ring the doorbell when, and only if, the surrounding transaction commits.

    Never raises.
    """

    # Functions with names: where one of them raises, Django logs its name, and a partial has none
    # to log.
    def announce() -> None:
        nudges.announce(move.execution_id, applied.head_seq, move.owner_id)

    def ring() -> None:
        if move.ring is not None:
            dispatch.ring(move.execution_id, move.ring, move.owner_id)

    def ring_for_woken() -> None:
        if applied.woken is not None:
            dispatch.ring(applied.woken.execution_id, applied.woken.queue, applied.woken.owner_id)

    transaction.on_commit(announce, robust=True)
    if move.ring is not None:
        transaction.on_commit(ring, robust=True)
    if applied.woken is not None:
        transaction.on_commit(ring_for_woken, robust=True)
