"""The walk over task lists: order, ``then``, ``if``, transforms, time limits, failures and what is
recorded of them.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from executions.language.walking.requests import Completed
from executions.states import StepStatus
from tests.language.walking.walking import BEGAN, Run

ORDERS = {
    "tasks run in their order": (
        "do: [{a: {set: {n: 1}}}, {b: {set: {n: '${ .n + 1 }'}}}]",
        {"n": 2},
    ),
    "then goes forward past a task": (
        "do: [{a: {set: {n: 1}, then: c}}, {b: {set: {n: 100}}}, {c: {set: {n: '${ .n + 1 }'}}}]",
        {"n": 2},
    ),
    "then goes back and a switch leaves the circle": (
        """do:
- start: {set: {n: 0}}
- more: {set: {n: '${ .n + 1 }'}}
- enough: {switch: [{no: {when: '${ .n < 3 }', then: more}}, {yes: {then: continue}}]}
""",
        {"n": 3},
    ),
    "end inside composites ends the workflow": (
        """do:
- outer: {do: [{inner: {do: [{a: {set: {n: 1}, then: end}}, {b: {set: {n: 2}}}]}}, {c: {set: {n: 3}}}]}
- d: {set: {n: 4}}
""",
        {"n": 1},
    ),
    "end inside a loop inside a try ends the workflow": (
        """do:
- guard:
    try: [{loop: {for: {in: '${ [1, 2] }'}, do: [{a: {set: {n: '${ $item }'}, then: end}}]}}]
    catch: {}
- d: {set: {n: 4}}
""",
        {"n": 1},
    ),
    "end inside what a catch does ends the workflow": (
        """do:
- guard:
    try: [{bad: {raise: {error: {type: 'https://example.org/bad', status: 400, title: Bad}}}}]
    catch: {do: [{a: {set: {n: 7}, then: end}}]}
- d: {set: {n: 4}}
""",
        {"n": 7},
    ),
    "end inside a called function ends the workflow": (
        """use: {functions: {stop: {set: {n: 5}, then: end}}}
do: [{a: {call: stop}}, {b: {set: {n: 6}}}]
""",
        {"n": 5},
    ),
    "exit leaves only its own list": (
        (
            "do: [{outer: {do: [{a: {set: {n: 1}, then: exit}}, {b: {set: {n: 2}}}]}}, {c: {set:"
            " {n: '${ .n + 10 }'}}}]"
        ),
        {"n": 11},
    ),
    "exit at the top ends the workflow": (
        "do: [{a: {set: {n: 1}, then: exit}}, {b: {set: {n: 2}}}]",
        {"n": 1},
    ),
    "exit inside a loop goes on with the next item": (
        """do:
- start: {set: {n: 0}}
- loop:
    for: {in: '${ [1, 2, 3] }'}
    do: [{a: {set: {n: '${ .n + $item }'}, then: exit}}, {b: {set: {n: 100}}}]
""",
        {"n": 6},
    ),
    "a task whose if is false is passed over with its input": (
        (
            "do: [{a: {set: {n: 1}}}, {b: {if: '${ .n > 1 }', set: {n: 2}, then: end}}, {c: {set:"
            " {n: '${ .n + 5 }'}}}]"
        ),
        {"n": 6},
    ),
    "input.from and output.as change what a task sees and gives": (
        (
            "do: [{a: {input: {from: '${ {x: 4} }'}, set: {n: '${ .x }'}, output: {as: '${ {m: .n,"
            " i: $input.x} }'}}}]"
        ),
        {"m": 4, "i": 4},
    ),
    "an export replaces the context": (
        """do:
- a: {set: {n: 1}, export: {as: {first: '${ .n }'}}}
- b: {set: {n: 2}, export: {as: '${ $context + {second: .n} }'}}
- c: {set: '${ $context }'}
""",
        {"first": 1, "second": 2},
    ),
    "the output of the workflow is transformed": (
        (
            "output: {as: '${ {total: .n, c: $context} }'}\ndo: [{a: {set: {n: 1}, export: {as: {k:"
            " 1}}}}]"
        ),
        {"total": 1, "c": {"k": 1}},
    ),
    "the input of the workflow is transformed": (
        (
            "input: {from: '${ {n: 3} }'}\ndo: [{a: {set: {n: '${ .n }', raw: '${ $workflow.input"
            " }'}}}]"
        ),
        {"n": 3, "raw": {}},
    ),
    "names with slashes, dots and blanks are names": (
        (
            "do: [{'a/b ~c#1@2': {set: {n: 1}, then: 'd/e'}}, {x: {set: {n: 9}}}, {'d/e': {set: {m:"
            " '${ $task.name }'}}}]"
        ),
        {"m": "d/e"},
    ),
}


@pytest.mark.parametrize("name", ORDERS)
def test_a_list_of_tasks_ends_with_its_output(name):
    text, output = ORDERS[name]
    assert Run(text).output() == output


def test_a_task_sees_its_own_descriptor_and_the_workflow():
    seen = Run(
        "do: [{me: {set: {t: '${ $task }', w: '${ $workflow.id }', r: '${ $runtime.name }'}}}]"
    ).output()
    assert seen["t"]["name"] == "me"
    assert seen["t"]["reference"] == "/do/0/me"
    assert seen["t"]["startedAt"]["iso8601"] == "2026-01-01T00:00:00Z"
    assert seen["t"]["definition"]["set"]["w"] == "${ $workflow.id }"
    assert (seen["w"], seen["r"]) == ("wex-1", "stigmer")


def test_visits_of_a_circle_have_paths_of_their_own():
    run = Run(ORDERS["then goes back and a switch leaves the circle"][0])
    run.output()
    assert {"/more", "/more#2", "/more#3", "/enough", "/enough#2", "/enough#3"} <= run.finished()


def test_what_an_if_decided_is_recorded_with_its_reason():
    run = Run(ORDERS["a task whose if is false is passed over with its input"][0])
    run.output()
    assert run.step("/b").status == StepStatus.SKIPPED
    assert run.step("/b").control == {"reason": "if"}


def test_progress_counts_the_tasks_at_the_top():
    run = Run(ORDERS["end inside composites ends the workflow"][0])
    run.output()
    assert run.walker.total == 2


FAILURES = {
    "an expression that fails": ("do: [{a: {set: {n: '${ 1 + \"x\" }'}}}]", "/a", "expression"),
    "an if that fails": ("do: [{a: {if: '${ 1 + \"x\" }', set: {n: 1}}}]", "/a", "expression"),
    "an input that does not fit its schema": (
        "do: [{a: {input: {schema: {document: {required: [x]}}}, set: {n: 1}}}]",
        "/a",
        "validation",
    ),
    "an output that does not fit its schema": (
        "do: [{a: {set: {n: 1}, output: {schema: {document: {required: [x]}}}}}]",
        "/a",
        "validation",
    ),
    "an export that does not fit its schema": (
        "do: [{a: {set: {n: 1}, export: {as: '${ . }', schema: {document: {required: [x]}}}}}]",
        "/a",
        "validation",
    ),
    "the output of a composite": (
        "do: [{a: {do: [{b: {set: {n: 1}}}], output: {as: '${ 1 + \"x\" }'}}}]",
        "/a",
        "expression",
    ),
    "a duration that is none": ("do: [{a: {wait: '${ \"soon\" }'}}]", "/a", "expression"),
    "a duration that is too long": (
        "do: [{a: {wait: '${ {days: 99999999} }'}}]",
        "/a",
        "expression",
    ),
    "a time limit that is none": (
        "do: [{a: {timeout: {after: '${ 7 }'}, set: {n: 1}}}]",
        "/a",
        "expression",
    ),
    "a value that cannot be stored": ("do: [{a: {set: {n: '${ \"\\u0000\" }'}}}]", "/a", "runtime"),
    "items that cannot be stored": (
        "do: [{a: {for: {in: '${ [\"\\u0000\"] }'}, do: [{b: {set: {n: 1}}}]}}]",
        "/a",
        "runtime",
    ),
    "arguments that cannot be stored": (
        "do: [{a: {call: python, with: {function: f, arguments: {x: '${ \"\\u0000\" }'}}}}]",
        "/a",
        "runtime",
    ),
    "an input that cannot be stored": (
        "do: [{a: {input: {from: '${ {x: \"\\u0000\"} }'}, set: {n: 1}}}]",
        "/a",
        "runtime",
    ),
    "an error text that cannot be stored": (
        (
            "do: [{a: {raise: {error: {type: 'https://example.org/x', status: 400, detail: '${"
            ' "a\\u0000b" }\'}}}}]'
        ),
        "/a",
        "https://example.org/x",
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_recorded_at_its_task_and_names_it(name):
    text, path, kind = FAILURES[name]
    run = Run(text)
    failed = run.error()
    assert failed.path == path
    assert failed.error.type.endswith(kind)
    assert run.step(path).status == StepStatus.FAILED
    assert run.step(path).error["type"] == failed.error.type


def test_an_error_text_keeps_what_can_be_stored():
    assert Run(FAILURES["an error text that cannot be stored"][0]).error().error.detail == "ab"


def test_a_failure_inside_composites_marks_each_of_them():
    run = Run(
        "do: [{a: {do: [{b: {for: {in: '${ [1] }'}, do: [{c: {set: {n: '${ 1 + \"x\" }'}}}]}}]}}]"
    )
    assert run.error().path == "/a/b/@0/c"
    assert {run.step(path).status for path in ("/a", "/a/b", "/a/b/@0/c")} == {StepStatus.FAILED}


def test_an_input_that_does_not_fit_the_workflow_fails_before_any_step():
    failed = Run("input: {schema: {document: {required: [x]}}}\ndo: [{a: {set: {n: 1}}}]").error()
    assert failed.path is None
    assert failed.error.type.endswith("validation")


def test_more_steps_than_allowed_are_a_failure_that_says_so():
    run = Run("do: [{a: {set: {n: 1}}}, {b: {set: {n: 2}, then: a}}]")
    run.max_steps = 20
    failed = run.error()
    assert "STIGMER_MAX_STEPS" in failed.error.detail
    assert len(run.records) <= 21


SLOW = "{call: python, with: {function: f, arguments: {}}}"


def test_the_time_limit_of_a_task_fails_it_with_a_timeout():
    run = Run("do: [{a: {timeout: {after: {seconds: 5}}, wait: {seconds: 60}}}]")
    failed = run.error()
    assert failed.error.type.endswith("timeout")
    assert failed.path == "/a"
    assert run.parks == [5.0]


def test_the_time_limit_of_a_composite_stops_what_is_inside():
    run = Run(
        f"do: [{{a: {{timeout: {{after: {{seconds: 2}}}}, do: [{{b: {SLOW}}}, {{c: {SLOW}}}, {{d:"
        f" {SLOW}}}]}}}}]"
    )
    failed = run.error()
    assert (failed.error.type.rpartition("/")[2], failed.path) == ("timeout", "/a/d")
    # What set the limit is the container, so the error says where that stands.
    assert failed.error.instance == "/do/0/a"
    assert "The task /a" in failed.error.detail
    assert set(run.effects) == {"/a/b", "/a/c"}


def test_the_time_limit_of_the_workflow_stops_everything():
    run = Run(f"do: [{{b: {SLOW}}}, {{c: {SLOW}}}, {{d: {SLOW}}}]")
    failed = run.error(limit_at=BEGAN + timedelta(seconds=2))
    assert failed.error.type.endswith("timeout")
    assert "The workflow" in failed.error.detail


def test_a_try_inside_a_task_that_is_out_of_time_does_not_catch():
    run = Run("""do:
- a:
    timeout: {after: {seconds: 5}}
    do:
    - guard:
        try: [{slow: {wait: {seconds: 60}}}]
        catch: {do: [{never: {set: {n: 1}}}]}
""")
    failed = run.error()
    assert failed.error.type.endswith("timeout")
    assert not [path for path in run.finished() if "never" in path]


def test_a_try_around_the_task_that_is_out_of_time_catches():
    run = Run("""do:
- guard:
    try: [{a: {timeout: {after: {seconds: 5}}, do: [{slow: {wait: {seconds: 60}}}]}}]
    catch: {errors: {with: {status: 408}}, do: [{caught: {set: {n: '${ $error.title }'}}}]}
""")
    assert run.output() == {"n": "Timeout"}


def test_no_try_catches_the_time_limit_of_the_workflow():
    run = Run("do: [{guard: {try: [{slow: {wait: {seconds: 60}}}], catch: {}}}]")
    error = run.error(limit_at=BEGAN + timedelta(seconds=2)).error
    assert (error.type.rpartition("/")[2], error.instance) == ("timeout", "/")


def test_a_finished_walk_answers_everything_from_its_journal():
    run = Run(f"do: [{{a: {SLOW}}}, {{b: {SLOW}}}]")
    first = run.walk()
    assert isinstance(first, Completed)
    assert run.walk() == first
    assert set(run.effects.values()) == {1}


def test_the_descriptor_of_a_task_holds_its_raw_input_and_its_raw_output():
    run = Run(
        """do:
- a:
    input: {from: '${ .order }'}
    set: {seen: '${ $task.input.order.n }', mine: '${ .n }'}
    output: {as: '${ {raw: $task.output, before: $task.input} }'}
    export: {as: '${ $task.output }'}
- b: {set: '${ {data: ., context: $context} }'}
""",
        {"order": {"n": 7}},
    )
    raw = {"seen": 7, "mine": 7}
    assert run.output() == {"data": {"raw": raw, "before": {"order": {"n": 7}}}, "context": raw}
