"""Turns a ``retry`` of the DSL into a :class:`Policy`.

Source: Serverless Workflow DSL 1.0, section Retry. The specification names constant, linear and
exponential back-off without saying how fast they grow; here linear adds ``increment`` (the first
delay where it is not given) and exponential multiplies by ``multiplier`` (2).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from executions.errors import ExpressionError
from executions.language.walking.backoff import Backoff, Constant, Exponential, Linear
from executions.language.walking.retry import Policy

SHORTEST_ENDLESS_DELAY_SECONDS = 1.0


def literal_seconds(duration: Any) -> float:
    """The seconds of a duration that needs no evaluation; ExpressionError for one that does."""
    if duration.seconds is None:
        raise ExpressionError(
            f"the duration {duration.expression} has to be evaluated before it can be waited for"
        )
    return float(duration.seconds)


def from_dsl(
    definition: Any,
    *,
    transient_only: bool,
    at_most_once: bool = False,
    seconds_of: Callable[[Any], float] = literal_seconds,
) -> Policy:
    """The policy of a parsed ``RetryPolicy``; ``seconds_of`` evaluates durations that are
    expressions.

    ``transient_only`` is True for a task's own policy and False inside ``catch.retry``, where the
    author has already said which errors to retry. A policy without any limit waits at least one
    second between tries.
    """

    def seconds(*names: str) -> float | None:
        value = _dig(definition, *names)
        return None if value is None else seconds_of(value)

    count = _dig(definition, "limit", "attempt", "count")
    total = seconds("limit", "duration")
    delay = seconds("delay") or 0.0
    if count is None and total is None:
        delay = max(delay, SHORTEST_ENDLESS_DELAY_SECONDS)
    low, high = seconds("jitter", "from_") or 0.0, seconds("jitter", "to") or 0.0
    return Policy(
        max_retries=None if count is None else int(count),
        backoff=_backoff(definition, delay, seconds),
        jitter=(min(low, high), max(low, high)),
        total_seconds=total,
        attempt_seconds=seconds("limit", "attempt", "duration"),
        transient_only=transient_only,
        at_most_once=at_most_once,
    )


def _backoff(definition: Any, delay: float, seconds: Callable[..., float | None]) -> Backoff:
    backoff = _dig(definition, "backoff")
    if _dig(backoff, "exponential") is not None:
        multiplier = _dig(backoff, "exponential", "multiplier")
        return Exponential(delay, 2.0 if multiplier is None else float(multiplier))
    if _dig(backoff, "linear") is not None:
        increment = seconds("backoff", "linear", "increment")
        return Linear(delay, delay if increment is None else increment)
    return Constant(delay)


def _dig(value: Any, *names: str) -> Any:
    for name in names:
        if value is None:
            return None
        value = value.get(name) if isinstance(value, dict) else getattr(value, name, None)
    return value
