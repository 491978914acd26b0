"""Whether a failed attempt is tried again, and when: a pure decision over a policy and a failure.

The decision reads no clock and draws no random number; its caller hands both in, so the same
arguments always give the same answer and a table of cases can test it.
"""

from __future__ import annotations

from dataclasses import dataclass

from executions.calls.outcome import Fail
from executions.language.walking.backoff import LONGEST_DELAY_SECONDS, Backoff, bounded_delay


@dataclass(frozen=True, slots=True)
class Policy:
    """When to retry; all durations are seconds, ``None`` means no limit.

    ``max_retries`` counts the tries after the first attempt (the DSL's ``limit.attempt.count``).
    ``attempt_seconds`` (``limit.attempt.duration``) is for whoever runs the attempt;
    ``total_seconds`` (``limit.duration``) is the time since the first attempt within which the last
    retry has to begin. ``at_most_once`` refuses every retry unless the failure proves that nothing
    was sent.
    """

    max_retries: int | None
    backoff: Backoff
    jitter: tuple[float, float] = (0.0, 0.0)
    total_seconds: float | None = None
    attempt_seconds: float | None = None
    transient_only: bool = True
    at_most_once: bool = False
    retry_after_cap_seconds: float = 300.0


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again after ``delay_seconds``; ``rule`` says why, in words for people."""

    delay_seconds: float
    rule: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Do not try again; ``rule`` says why, in words for people."""

    rule: str


def decide(
    policy: Policy, error: Fail, attempt: int, elapsed_seconds: float, jitter: float
) -> Retry | GiveUp:
    """The decision after failed attempt number ``attempt`` (1 is the first).

    ``elapsed_seconds`` counts from the begin of the first attempt (or from the last decision of a
    person); ``jitter`` is a number from 0 to 1 which the caller drew at random.
    """
    refusal = _refusal(policy, error, attempt)
    if refusal is not None:
        return GiveUp(refusal)
    delay, why = _delay(policy, error, attempt, jitter)
    if policy.total_seconds is not None and elapsed_seconds + delay > policy.total_seconds:
        return GiveUp(
            f"{error.rule}; a retry in {_seconds(delay)} would be past the limit of"
            f" {_seconds(policy.total_seconds)}"
        )
    of = "" if policy.max_retries is None else f" of {policy.max_retries}"
    return Retry(delay, f"{error.rule}; retry {attempt}{of} {why}")


def _refusal(policy: Policy, error: Fail, attempt: int) -> str | None:
    if policy.transient_only and not error.transient:
        return f"{error.rule}; permanent, so it is not retried"
    if policy.at_most_once and error.effect_possible:
        return f"{error.rule}; the effect may have happened and the task is at_most_once"
    if policy.max_retries is not None and attempt > policy.max_retries:
        retries = (
            "no retries are allowed"
            if policy.max_retries == 0
            else f"all {policy.max_retries} retries are used"
        )
        return f"{error.rule}; {retries}"
    return None


def _delay(policy: Policy, error: Fail, attempt: int, jitter: float) -> tuple[float, str]:
    low, high = policy.jitter
    own = bounded_delay(policy.backoff, attempt) + low + (high - low) * jitter
    own = min(max(own, 0.0), LONGEST_DELAY_SECONDS)
    asked = error.retry_after
    if asked is None or asked <= own:
        return own, f"in {_seconds(own)}"
    capped = max(own, min(asked, policy.retry_after_cap_seconds))
    return capped, f"in {_seconds(capped)} because the other side asked for {_seconds(asked)}"


def _seconds(value: float) -> str:
    return f"{round(value, 2):.10g} s"
