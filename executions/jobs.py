"""The RQ job behind the doorbell."""

from __future__ import annotations

from executions.errors import StigmerError


class WrongWorker(StigmerError):
    """Only `stigmer worker` can advance executions: it holds the lease that a plain RQ worker does not have."""


def advance(execution_id: str, owner_id: int | None = None) -> None:
    """What a bell asks for. ``stigmer worker`` reads the arguments and drives in a slot; nobody else may run this."""
    raise WrongWorker
