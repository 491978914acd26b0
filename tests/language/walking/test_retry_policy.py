"""A retry policy of the DSL becomes the policy that the decision reads."""

from __future__ import annotations

from typing import Any

import pytest

from executions.errors import ExpressionError
from executions.language import RetryPolicy
from executions.language.walking.backoff import Constant, Exponential, Linear
from executions.language.walking.retry_policy import from_dsl


def parsed(definition: dict[str, Any]) -> RetryPolicy:
    return RetryPolicy.model_validate(definition)


def seconds(number: float) -> dict[str, float]:
    return {"seconds": number}


@pytest.mark.parametrize(
    ("definition", "backoff"),
    [
        ({"delay": seconds(3), "limit": {"attempt": {"count": 5}}}, Constant(3.0)),
        (
            {"delay": seconds(3), "backoff": {"constant": {}}, "limit": {"attempt": {"count": 5}}},
            Constant(3.0),
        ),
        (
            {"delay": seconds(3), "backoff": {"linear": {}}, "limit": {"attempt": {"count": 5}}},
            Linear(3.0, 3.0),
        ),
        ({"delay": seconds(3), "backoff": {"linear": {"increment": seconds(1)}}}, Linear(3.0, 1.0)),
        ({"delay": seconds(3), "backoff": {"exponential": {}}}, Exponential(3.0, 2.0)),
        (
            {"delay": seconds(3), "backoff": {"exponential": {"multiplier": 1.5}}},
            Exponential(3.0, 1.5),
        ),
        ({"limit": {"attempt": {"count": 5}}}, Constant(0.0)),
        ({}, Constant(1.0)),
    ],
)
def test_each_backoff_is_understood(definition: dict[str, Any], backoff: object) -> None:
    assert from_dsl(parsed(definition), transient_only=False).backoff == backoff


def test_limits_and_jitter_are_taken_over() -> None:
    policy = from_dsl(
        parsed(
            {
                "delay": seconds(1),
                "jitter": {"from": {"milliseconds": 500}, "to": seconds(2)},
                "limit": {
                    "attempt": {"count": 4, "duration": seconds(20)},
                    "duration": seconds(60),
                },
            }
        ),
        transient_only=True,
        at_most_once=True,
    )
    assert (policy.max_retries, policy.attempt_seconds, policy.total_seconds) == (4, 20.0, 60.0)
    assert policy.jitter == (0.5, 2.0)
    assert policy.transient_only and policy.at_most_once


def test_missing_limits_mean_no_limits_but_never_a_busy_loop() -> None:
    policy = from_dsl(parsed({"delay": seconds(0)}), transient_only=False)
    assert policy.max_retries is None and policy.total_seconds is None
    assert policy.backoff == Constant(1.0)


def test_durations_that_are_expressions_are_evaluated_by_the_caller() -> None:
    definition = parsed({"delay": "${ .pause }", "limit": {"attempt": {"count": 1}}})
    policy = from_dsl(definition, transient_only=True, seconds_of=lambda duration: 7.0)
    assert policy.backoff == Constant(7.0)


def test_an_expression_that_nobody_evaluated_is_an_error_and_not_a_zero() -> None:
    with pytest.raises(ExpressionError, match=r"\.pause"):
        from_dsl(parsed({"delay": "${ .pause }"}), transient_only=True)
