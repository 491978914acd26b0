from __future__ import annotations

import pytest

from executions.language import Duration, RetryPolicy
from tests.language.texts import only_problem, parsed


def policy(text: str) -> RetryPolicy:
    return parsed("- a: {set: {x: 1}}", f"use: {{retries: {{it: {text}}}}}").workflow.use.retries[
        "it"
    ]


def test_a_policy_can_have_every_part() -> None:
    found = policy(
        "{when: .a, exceptWhen: '${ .b }', delay: PT2S, backoff: {exponential: {multiplier: 3}},"
        " limit: {attempt: {count: 4, duration: PT1M}, duration: PT1H}, jitter: {from: {seconds:"
        " 0}, to: PT1S}}"
    )
    assert (found.when, found.except_when, found.delay) == (".a", "${ .b }", Duration(2.0))
    assert found.backoff and found.backoff.exponential and found.backoff.exponential.multiplier == 3
    assert found.limit and found.limit.attempt and found.limit.duration == Duration(3600.0)
    assert (found.limit.attempt.count, found.limit.attempt.duration) == (4, Duration(60.0))
    assert found.jitter and (found.jitter.from_, found.jitter.to) == (Duration(0.0), Duration(1.0))


@pytest.mark.parametrize("kind", ["constant", "linear", "exponential"])
def test_a_backoff_needs_no_parameters(kind: str) -> None:
    backoff = policy(f"{{backoff: {{{kind}: {{}}}}}}").backoff
    assert backoff is not None and getattr(backoff, kind) is not None


def test_a_linear_backoff_can_have_an_increment() -> None:
    backoff = policy("{backoff: {linear: {increment: PT5S}}}").backoff
    assert backoff and backoff.linear and backoff.linear.increment == Duration(5.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{backoff: {}}", "exactly one is needed: `constant`, `exponential` or `linear`"),
        (
            "{backoff: {linear: {}, constant: {}}}",
            "exactly one is needed: `constant`, `exponential` or `linear`",
        ),
        ("{backoff: {exponentail: {}}}", "unknown key `exponentail`"),
        ("{backoff: {exponential: {multiplier: 0.5}}}", "`multiplier` cannot be the number 0.5"),
        ("{jitter: {from: PT2S, to: PT1S}}", "`from` is longer than `to`"),
        ("{jitter: {from: PT2S}}", "`to` is missing"),
        ("{limit: {attempt: {count: -1}}}", "`count` cannot be the number -1"),
        ("{limit: {count: 3}}", "unknown key `count`"),
    ],
)
def test_a_mistake_in_a_policy_is_named(text: str, message: str) -> None:
    found = only_problem("- a: {set: {x: 1}}", f"use: {{retries: {{it: {text}}}}}")
    assert found.message == message


@pytest.mark.parametrize(
    "type_", ["not a uri", "/relative", "https://x.example/{+a}", "https://x.example/{a"]
)
def test_the_type_of_an_error_is_a_uri(type_: str) -> None:
    problem = only_problem(
        "- a: {set: {x: 1}}", f"use: {{errors: {{e: {{type: '{type_}', status: 400}}}}}}"
    )
    assert problem.pointer == "/use/errors/e/type"


def test_an_error_filter_needs_a_property() -> None:
    problem = only_problem("- a: {try: [{b: {wait: PT1S}}], catch: {errors: {with: {}}}}")
    assert problem.message == "the filter is empty: give type, status, title, detail or instance"


def test_only_json_schemas_are_taken() -> None:
    problem = only_problem("- a: {set: {x: 1}}", "input: {schema: {format: avro, document: {}}}")
    assert problem.message == "`format` cannot be the text `avro`"
