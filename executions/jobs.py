"""The RQ job behind the doorbell."""

from __future__ import annotations

from typing import NoReturn

from executions.errors import StigmerError


class WrongWorker(StigmerError):
    """Only `stigmer worker` can advance executions: it holds the lease that a plain RQ worker does
    not have. Run `stigmer worker`, or `stigmer up`, which starts and watches several.
    """

    def __init__(self) -> None:
        super().__init__(" ".join(str(type(self).__doc__).split()))


def advance(execution_id: str, owner_id: int | None = None) -> NoReturn:
    """Drive an execution, as its bell asks.

    ``stigmer worker`` reads the arguments and drives in a slot; nobody else may run this.
    """
    raise WrongWorker


def match_events() -> NoReturn:
    """Match events, as one that came asks; ``stigmer worker`` looks who listens."""
    raise WrongWorker
