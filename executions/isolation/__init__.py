"""Foreign code in child processes that can be killed without harm to their neighbours."""

from executions.isolation.errors import (
    ChildCancelled,
    ChildCouldNotStart,
    ChildDied,
    ChildError,
    ChildRaised,
    ChildTimedOut,
    NoChildFree,
    PoolClosed,
    ResultTooLarge,
)
from executions.isolation.pool import ChildPool
from executions.isolation.seat import Reply, Seat

__all__ = [
    "ChildCancelled",
    "ChildCouldNotStart",
    "ChildDied",
    "ChildError",
    "ChildPool",
    "ChildRaised",
    "ChildTimedOut",
    "NoChildFree",
    "PoolClosed",
    "Reply",
    "ResultTooLarge",
    "Seat",
]
