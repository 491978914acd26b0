"""Why a request to a model gave no answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from executions.errors import StigmerError


class Why(StrEnum):
    """The classes of failures. Those in ``PASSES`` pass by themselves."""

    RATE_LIMITED = "rate limited"
    OVERLOADED = "overloaded"
    SERVER = "server error"
    UNREACHABLE = "not reachable"
    TIMED_OUT = "timed out"
    SILENT = "silent"
    CUT = "answer cut off"
    DIED = "mind died"
    CANCELLED = "cancelled"
    KEY = "key refused"
    NOT_FOUND = "model not found"
    QUOTA = "quota used up"
    TOO_LONG = "context too long"
    REJECTED = "request rejected"
    REFUSED = "refused"
    FILTERED = "content filter"
    LENGTH = "output limit reached"
    TOOL = "error of the tool"
    TOO_LARGE = "answer too large"
    INTERNAL = "internal"


# The rule by which such a failure is known in the journal.
TOO_LONG_RULE = f"model: {Why.TOO_LONG}"
PASSES = frozenset(
    {
        Why.RATE_LIMITED,
        Why.OVERLOADED,
        Why.SERVER,
        Why.UNREACHABLE,
        Why.TIMED_OUT,
        Why.SILENT,
        Why.CUT,
        Why.DIED,
    }
)
# The other side said so itself: a model had worked by then, so that the request was paid for.
ANSWERED = frozenset({Why.REFUSED, Why.FILTERED, Why.LENGTH, Why.TOOL})


@dataclass(frozen=True, slots=True)
class Problem:
    """``retry_after`` (seconds) is what the other side asked for; ``status`` what it answered with,
    0 for nothing; ``usage`` what was used up by an answer that cannot be taken. ``is_sent`` is
    False where it is proven that nothing was sent."""

    why: Why
    detail: str
    status: int = 0
    retry_after: float | None = None
    usage: dict[str, int] | None = None
    is_sent: bool = True

    def as_json(self) -> dict[str, Any]:
        return {
            "why": str(self.why),
            "detail": self.detail,
            "status": self.status,
            "retry_after": self.retry_after,
            "usage": self.usage,
            "is_sent": self.is_sent,
        }

    @classmethod
    def of(cls, said: dict[str, Any]) -> Problem:
        return cls(
            Why(said["why"]),
            str(said["detail"]),
            int(said["status"]),
            said["retry_after"],
            said["usage"],
            bool(said["is_sent"]),
        )


class RequestFailed(StigmerError):
    """A request to a model gave no message that can be used."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem
