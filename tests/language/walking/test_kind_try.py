"""``try``: what is caught, what runs again and when, what runs instead."""

from __future__ import annotations

from contextlib import suppress

import pytest

from executions.calls.outcome import Done, Fail
from executions.language.walking.requests import Completed
from tests.language.walking.walking import Crash, Run, failure

CALL = "{call: python, with: {function: f, arguments: {}}}"
RAISE = (
    "{raise: {error: {type: 'https://example.org/%s', status: 418, title: Tea, detail: 'a pot'}}}"
)


def guarded(catch: str, inner: str = CALL) -> str:
    return (
        f"do: [{{guard: {{try: [{{x: {inner}}}], catch: {catch}}}}}, {{after: {{set: '${{ ."
        " }'}}]"
    )


def failing(times: int):
    """Fails so many times, then succeeds."""
    left = [times]

    def answer(_: dict[str, object]) -> Done | Fail:
        left[0] -= 1
        return failure("not yet") if left[0] >= 0 else Done({"n": times})

    return answer


def test_a_block_without_errors_gives_its_output():
    assert Run(guarded("{}"), answer=failing(0)).output() == {"n": 0}


def test_a_caught_error_without_more_gives_the_input_of_the_block():
    assert Run(guarded("{}"), {"kept": 1}, failing(1)).output() == {"kept": 1}


FILTERS = {
    "{errors: {with: {status: 418}}}": True,
    "{errors: {with: {status: 404}}}": False,
    "{errors: {with: {type: 'https://example.org/tea'}}}": True,
    "{errors: {with: {type: 'https://example.org/coffee'}}}": False,
    "{errors: {with: {type: 'https://example.org/tea/'}}}": False,
    "{errors: {with: {title: Tea, detail: a pot}}}": True,
    "{errors: {with: {title: Tea, detail: a cup}}}": False,
    "{errors: {with: {instance: /do/0/guard/try/0/x}}}": True,
    "{when: '${ $error.status == 418 }'}": True,
    "{when: '${ $error.status == 404 }'}": False,
    "{exceptWhen: '${ $error.status == 418 }'}": False,
    "{exceptWhen: '${ $error.status == 404 }'}": True,
    "{as: problem, when: '${ $problem.title == \"Tea\" }'}": True,
    "{errors: {with: {status: 418}}, when: '${ false }'}": False,
}


@pytest.mark.parametrize("catch", FILTERS)
def test_only_what_fits_is_caught(catch):
    run = Run(guarded(catch, RAISE % "tea"))
    ended = run.walk()
    assert isinstance(ended, Completed) is FILTERS[catch]


def test_what_is_not_caught_fails_the_try_and_what_is_around_it():
    run = Run(guarded("{when: '${ false }'}", RAISE % "tea"))
    failed = run.error()
    assert failed.path == "/guard/try@1/x"
    assert failed.error.detail == "a pot"
    assert run.step("/guard").error["title"] == "Tea"


def test_a_catch_does_its_tasks_with_the_error_at_hand():
    run = Run(
        guarded(
            "{as: problem, do: [{y: {set: {why: '${ $problem.detail }', at: '${ $problem.instance"
            " }'}}}]}"
        ),
        answer=failing(9),
    )
    assert run.output() == {"why": "not yet", "at": "/do/0/guard/try/0/x"}


def test_an_outer_try_catches_what_an_inner_one_lets_through():
    run = Run(f"""do:
- outer:
    try:
    - inner: {{try: [{{x: {RAISE % "tea"}}}], catch: {{when: '${{ false }}'}}}}
    catch: {{do: [{{y: {{set: {{n: '${{ $error.status }}'}}}}}}]}}
""")
    assert run.output() == {"n": 418}


def test_what_fails_inside_a_catch_is_caught_further_out():
    run = Run(f"""do:
- outer:
    try:
    - inner: {{try: [{{x: {RAISE % "tea"}}}], catch: {{do: [{{y: {RAISE % "coffee"}}}]}}}}
    catch: {{do: [{{z: {{set: {{t: '${{ $error.type }}'}}}}}}]}}
""")
    assert run.output() == {"t": "https://example.org/coffee"}


def test_a_block_runs_again_until_it_succeeds():
    run = Run(
        guarded("{retry: {delay: {seconds: 3}, limit: {attempt: {count: 5}}}}"), answer=failing(2)
    )
    assert run.output() == {"n": 2}
    assert list(run.effects) == ["/guard/try@1/x", "/guard/try@2/x", "/guard/try@3/x"]


@pytest.mark.parametrize(
    ("policy", "waits"),
    [
        ("delay: {seconds: 3}", [3, 3, 3]),
        ("delay: {seconds: 3}, backoff: {linear: {increment: {seconds: 2}}}", [3, 5, 7]),
        ("delay: {seconds: 3}, backoff: {exponential: {}}", [3, 6, 12]),
        ("delay: {seconds: 3}, backoff: {constant: {}}", [3, 3, 3]),
    ],
)
def test_it_parks_for_the_back_off_between_tries(policy, waits):
    run = Run(
        guarded(f"{{retry: {{{policy}, limit: {{attempt: {{count: 3}}}}}}}}"), answer=failing(3)
    )
    run.output()
    # Each try takes a second of the clock.
    assert run.parks == [sum(waits[:n]) + n for n in (1, 2, 3)]


def test_jitter_lies_within_its_bounds():
    retry = (
        "{retry: {delay: {seconds: 3}, jitter: {from: {seconds: 1}, to: {seconds: 2}}, limit:"
        " {attempt: {count: 1}}}}"
    )
    run = Run(guarded(retry), answer=failing(1))
    run.output()
    assert 5 <= run.parks[0] <= 6


@pytest.mark.parametrize(
    ("retry", "tries"),
    [
        ("limit: {attempt: {count: 2}}", 3),
        ("limit: {attempt: {count: 0}}", 1),
        ("delay: {seconds: 4}, limit: {duration: {seconds: 10}}", 3),
        ("when: '${ $error.status == 404 }', limit: {attempt: {count: 2}}", 1),
        ("exceptWhen: '${ $error.status == 503 }', limit: {attempt: {count: 2}}", 1),
        ("when: '${ $error.status == 503 }', limit: {attempt: {count: 1}}", 2),
    ],
)
def test_it_gives_up_where_the_policy_ends_and_the_error_goes_on(retry, tries):
    run = Run(guarded(f"{{retry: {{{retry}}}}}"), answer=failing(99))
    failed = run.error()
    assert failed.path == f"/guard/try@{tries}/x"
    assert sum(run.effects.values()) == tries


def test_when_the_tries_are_used_up_its_tasks_run():
    run = Run(
        guarded("{retry: {limit: {attempt: {count: 1}}}, do: [{y: {set: {gave: up}}}]}"),
        answer=failing(99),
    )
    assert run.output() == {"gave": "up"}


def test_a_retry_policy_by_name():
    text = "use: {retries: {twice: {limit: {attempt: {count: 2}}}}}\n" + guarded("{retry: twice}")
    run = Run(text, answer=failing(99))
    run.error()
    assert sum(run.effects.values()) == 3


def test_the_decision_of_each_catch_is_a_step_that_is_followed_again():
    run = Run(
        guarded("{retry: {delay: {seconds: 3}, limit: {attempt: {count: 2}}}}"), answer=failing(2)
    )
    run.output()
    decided = run.step("/guard/catch@1")
    assert decided.control["action"] == "retry"
    assert decided.control["delay"] == 3.0
    assert decided.input["detail"] == "not yet"


def test_a_time_limit_cuts_a_back_off():
    catch = "{retry: {delay: {seconds: 60}, limit: {attempt: {count: 2}}}}"
    guard = f"{{guard: {{try: [{{x: {CALL}}}], catch: {catch}}}}}"
    run = Run(
        f"do: [{{a: {{timeout: {{after: {{seconds: 10}}}}, do: [{guard}]}}}}]", answer=failing(99)
    )
    assert run.error().error.type.endswith("timeout")
    assert run.parks == [10.0]


@pytest.mark.parametrize(
    "type_",
    [
        "https://serverlessworkflow.io/spec/1.0.0/errors/communication",
        "https://open-workflow-specification.org/spec/1.0.0/errors/communication",
        "https://serverlessworkflow.io/dsl/errors/types/communication",
        "https://serverlessworkflow.io.io/dsl/errors/types/communication",
    ],
)
def test_a_standard_error_is_caught_by_each_spelling_of_its_type(type_):
    run = Run(
        guarded(f"{{errors: {{with: {{type: '{type_}', status: 503}}}}}}"), {"kept": 1}, failing(1)
    )
    assert run.output() == {"kept": 1}


def test_an_error_that_is_not_standard_is_not_taken_for_one_by_its_last_word():
    catch = "{errors: {with: {type: 'https://example.org/errors/communication'}}}"
    assert Run(guarded(catch), answer=failing(1)).error().error.detail == "not yet"


SLOW_TRY = """do:
- guard:
    try:
    - x: {call: python, with: {function: f, arguments: {}}}
    - y: {wait: {seconds: 60}}
    catch:
      errors: {with: {type: 'https://serverlessworkflow.io/spec/1.0.0/errors/timeout'}}
      retry: {delay: {seconds: 1}, limit: {attempt: {count: 2, duration: {seconds: 5}}}}
      do: [{late: {set: {at: '${ $error.instance }'}}}]
"""


def test_each_try_of_a_block_ends_at_the_limit_of_an_attempt_and_is_caught_as_a_timeout():
    run = Run(SLOW_TRY, answer=failing(0))
    assert run.output() == {"at": "/do/0/guard/try"}
    # Three tries of five seconds each, with a second between them.
    assert run.parks == [5, 6, 11, 12, 17]
    assert list(run.effects) == ["/guard/try@1/x", "/guard/try@2/x", "/guard/try@3/x"]


@pytest.mark.parametrize("crash_at", range(1, 12))
def test_the_limit_of_an_attempt_counts_from_its_begin_over_a_crash(crash_at):
    run = Run(SLOW_TRY, answer=failing(0))
    with suppress(Crash):
        run.walk(crash_at=crash_at)
    assert run.output() == {"at": "/do/0/guard/try"}
    assert run.effects.total() <= 4
    assert max(run.parks) <= 18
