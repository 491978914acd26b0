"""The retry decision: what is tried again, when, and what is given up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executions.calls.outcome import Fail
from executions.errors import WorkflowError
from executions.language.walking.backoff import (
    LONGEST_DELAY_SECONDS,
    Backoff,
    Constant,
    Exponential,
    Linear,
    Steps,
)
from executions.language.walking.retry import GiveUp, Policy, Retry, decide

STANDARD = Policy(max_retries=3, backoff=Steps((2.0, 5.0, 10.0)))
NO_RETRY = Policy(max_retries=0, backoff=Steps(()))


def failure(
    *,
    transient: bool = True,
    retry_after: float | None = None,
    effect_possible: bool = True,
    rule: str = "HTTP 503",
) -> Fail:
    error = WorkflowError.standard("communication", "the shop is down", status=503)
    return Fail(error, transient, rule, retry_after=retry_after, effect_possible=effect_possible)


# policy, failure, attempt, elapsed, jitter, expected delay (None: given up)
CASES = {
    "default, first failure": (STANDARD, failure(), 1, 0.1, 0.5, 2.0),
    "default, second failure": (STANDARD, failure(), 2, 2.2, 0.5, 5.0),
    "default, third failure": (STANDARD, failure(), 3, 7.3, 0.5, 10.0),
    "default, fourth failure: 1 attempt + 3 retries are used": (
        STANDARD,
        failure(),
        4,
        17.4,
        0.5,
        None,
    ),
    "default, permanent": (STANDARD, failure(transient=False), 1, 0.1, 0.5, None),
    "no retry": (NO_RETRY, failure(), 1, 0.1, 0.5, None),
    "retry-after 8 is longer than 2": (STANDARD, failure(retry_after=8), 1, 0, 0.5, 8.0),
    "retry-after 1 is shorter than 2": (STANDARD, failure(retry_after=1), 1, 0, 0.5, 2.0),
    "retry-after 3600 is cut to 300": (STANDARD, failure(retry_after=3600), 1, 0, 0.5, 300.0),
    "the cap on retry-after does not shorten an own delay of 600": (
        Policy(5, Constant(600.0)),
        failure(retry_after=900),
        1,
        0,
        0.5,
        600.0,
    ),
    "constant 3": (Policy(9, Constant(3.0)), failure(), 7, 0, 0.0, 3.0),
    "linear 3 + 3*(4-1)": (Policy(9, Linear(3.0, 3.0)), failure(), 4, 0, 0.0, 12.0),
    "linear 3 + 0.5*(4-1)": (Policy(9, Linear(3.0, 0.5)), failure(), 4, 0, 0.0, 4.5),
    "exponential 3 * 2^0": (Policy(9, Exponential(3.0)), failure(), 1, 0, 0.0, 3.0),
    "exponential 3 * 2^3": (Policy(9, Exponential(3.0)), failure(), 4, 0, 0.0, 24.0),
    "exponential 1 * 3^2": (Policy(9, Exponential(1.0, 3.0)), failure(), 3, 0, 0.0, 9.0),
    "exponential is cut at a day": (
        Policy(None, Exponential(1.0)),
        failure(),
        5000,
        0,
        0.0,
        LONGEST_DELAY_SECONDS,
    ),
    "exponential of nothing": (Policy(None, Exponential(0.0)), failure(), 5000, 0, 0.0, 0.0),
    "a short list repeats its last": (Policy(9, Steps((1.0, 4.0))), failure(), 5, 0, 0.0, 4.0),
    "jitter 2 + 1 + (3-1)*0.0": (
        Policy(9, Constant(2.0), jitter=(1.0, 3.0)),
        failure(),
        1,
        0,
        0.0,
        3.0,
    ),
    "jitter 2 + 1 + (3-1)*0.5": (
        Policy(9, Constant(2.0), jitter=(1.0, 3.0)),
        failure(),
        1,
        0,
        0.5,
        4.0,
    ),
    "jitter 2 + 1 + (3-1)*1.0": (
        Policy(9, Constant(2.0), jitter=(1.0, 3.0)),
        failure(),
        1,
        0,
        1.0,
        5.0,
    ),
    "8 elapsed + 2 delay = limit of 10": (
        Policy(9, Constant(2.0), total_seconds=10),
        failure(),
        1,
        8.0,
        0,
        2.0,
    ),
    "8.5 elapsed + 2 delay > limit of 10": (
        Policy(9, Constant(2.0), total_seconds=10),
        failure(),
        1,
        8.5,
        0,
        None,
    ),
    "retry-after 9 would pass the limit of 10": (
        Policy(9, Constant(2.0), total_seconds=10),
        failure(retry_after=9),
        1,
        2.0,
        0,
        None,
    ),
    "permanent, but the author chose the errors": (
        Policy(2, Constant(1.0), transient_only=False),
        failure(transient=False),
        1,
        0,
        0,
        1.0,
    ),
    "at most once, perhaps done": (
        Policy(3, Constant(1.0), at_most_once=True),
        failure(),
        1,
        0,
        0,
        None,
    ),
    "at most once, nothing was sent": (
        Policy(3, Constant(1.0), at_most_once=True),
        failure(effect_possible=False),
        1,
        0,
        0,
        1.0,
    ),
    "at most once holds inside catch.retry too": (
        Policy(3, Constant(1.0), at_most_once=True, transient_only=False),
        failure(),
        1,
        0,
        0,
        None,
    ),
}


@pytest.mark.parametrize(
    ("policy", "error", "attempt", "elapsed", "jitter", "expected"),
    CASES.values(),
    ids=CASES.keys(),
)
def test_the_table_of_decisions_holds(
    policy: Policy, error: Fail, attempt: int, elapsed: float, jitter: float, expected: float | None
) -> None:
    decision = decide(policy, error, attempt, elapsed, jitter)
    if expected is None:
        assert isinstance(decision, GiveUp)
    else:
        assert isinstance(decision, Retry)
        assert decision.delay_seconds == pytest.approx(expected)


@pytest.mark.parametrize(
    ("policy", "error", "attempt", "elapsed", "rule"),
    [
        (STANDARD, failure(), 1, 0.0, "HTTP 503; retry 1 of 3 in 2 s"),
        (STANDARD, failure(), 4, 0.0, "HTTP 503; all 3 retries are used"),
        (
            STANDARD,
            failure(transient=False, rule="HTTP 400"),
            1,
            0.0,
            "HTTP 400; permanent, so it is not retried",
        ),
        (NO_RETRY, failure(), 1, 0.0, "HTTP 503; no retries are allowed"),
        (
            STANDARD,
            failure(retry_after=8),
            1,
            0.0,
            "HTTP 503; retry 1 of 3 in 8 s because the other side asked for 8 s",
        ),
        (
            Policy(None, Constant(1.0), total_seconds=3),
            failure(),
            3,
            2.5,
            "HTTP 503; a retry in 1 s would be past the limit of 3 s",
        ),
        (
            Policy(3, Constant(1.0), at_most_once=True),
            failure(),
            1,
            0.0,
            "HTTP 503; the effect may have happened and the task is at_most_once",
        ),
    ],
)
def test_every_decision_says_why(
    policy: Policy, error: Fail, attempt: int, elapsed: float, rule: str
) -> None:
    assert decide(policy, error, attempt, elapsed, 0.0).rule == rule


seconds = st.floats(min_value=0, max_value=1e6)
backoffs: st.SearchStrategy[Backoff] = st.one_of(
    st.builds(Steps, st.lists(seconds, max_size=4).map(tuple)),
    st.builds(Constant, seconds),
    st.builds(Linear, seconds, seconds),
    st.builds(Exponential, seconds, st.floats(min_value=0, max_value=100)),
)
policies = st.builds(
    Policy,
    max_retries=st.none() | st.integers(0, 50),
    backoff=backoffs,
    jitter=st.tuples(seconds, seconds).map(lambda pair: (min(pair), max(pair))),
    total_seconds=st.none() | seconds,
    transient_only=st.booleans(),
    at_most_once=st.booleans(),
)
failures = st.builds(
    lambda transient, effect, after: failure(
        transient=transient, effect_possible=effect, retry_after=after
    ),
    st.booleans(),
    st.booleans(),
    st.none() | seconds,
)


@given(policies, failures, st.integers(1, 10_000), seconds, st.floats(0, 1))
def test_a_retry_is_never_negative_and_never_beyond_a_limit(
    policy: Policy, error: Fail, attempt: int, elapsed: float, jitter: float
) -> None:
    decision = decide(policy, error, attempt, elapsed, jitter)
    if isinstance(decision, GiveUp):
        return
    assert 0 <= decision.delay_seconds <= LONGEST_DELAY_SECONDS
    assert policy.max_retries is None or attempt <= policy.max_retries
    assert policy.total_seconds is None or elapsed + decision.delay_seconds <= policy.total_seconds
    assert error.transient or not policy.transient_only
    assert not (policy.at_most_once and error.effect_possible)


@given(policies, failures, st.integers(1, 100), seconds, st.floats(0, 1))
def test_the_same_arguments_give_the_same_decision(
    policy: Policy, error: Fail, attempt: int, elapsed: float, jitter: float
) -> None:
    assert decide(policy, error, attempt, elapsed, jitter) == decide(
        policy, error, attempt, elapsed, jitter
    )
