"""``for``: what it goes through, what its variables are, when it stops."""

from __future__ import annotations

import pytest

from executions.states import StepStatus
from tests.language.walking.walking import Run

LOOPS = {
    "over a list": ("{in: '${ [1, 2, 3] }'}", "", "${ .seen + [$item] }", [1, 2, 3]),
    "over a list with own names": (
        '{each: row, at: number, in: \'${ ["a", "b"] }\'}',
        "",
        "${ .seen + [[$number, $row]] }",
        [[0, "a"], [1, "b"]],
    ),
    "over an object": (
        "{in: '${ {a: 1} }'}",
        "",
        "${ .seen + [$item] }",
        [{"key": "a", "value": 1}],
    ),
    "over nothing": ("{in: '${ [] }'}", "", "${ .seen + [$item] }", []),
    "while a condition holds": (
        "{in: '${ [1, 2, 3, 4] }'}",
        "while: '${ $item < 3 }'",
        "${ .seen + [$item] }",
        [1, 2],
    ),
    "while what it made is small": (
        "{in: '${ [1, 2, 3, 4] }'}",
        "while: '${ .seen | length < 2 }'",
        "${ .seen + [$item] }",
        [1, 2],
    ),
}


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_goes(name):
    loop, condition, step, seen = LOOPS[name]
    run = Run(f"""do:
- start: {{set: {{seen: '${{ [] }}'}}}}
- loop:
    for: {loop}
    {condition}
    do: [{{add: {{set: {{seen: '{step}'}}}}}}]
""")
    assert run.output() == {"seen": seen}


def test_loops_inside_loops_see_both_items():
    run = Run("""do:
- start: {set: {seen: '${ [] }'}}
- rows:
    for: {each: row, in: '${ [1, 2] }'}
    do:
    - columns:
        for: {each: column, in: '${ [10, 20] }'}
        do: [{add: {set: {seen: '${ .seen + [$row + $column] }'}}}]
""")
    assert run.output() == {"seen": [11, 21, 12, 22]}
    assert "/rows/@1/columns/@0/add" in run.finished()


@pytest.mark.parametrize(
    ("found", "kind"), [("7", "a number"), ('"x"', "text"), ("null", "null"), ("true", "a boolean")]
)
def test_what_cannot_be_gone_through_is_an_error_that_says_what_it_was(found, kind):
    failed = Run(
        f"do: [{{a: {{for: {{in: '${{ {found} }}'}}, do: [{{b: {{set: {{n: 1}}}}}}]}}}}]"
    ).error()
    assert kind in failed.error.detail
    assert failed.path == "/a"


def test_a_while_that_fails_is_the_failure_of_the_loop():
    failed = Run(
        "do: [{a: {for: {in: '${ [1] }'}, while: '${ 1 + \"x\" }', do: [{b: {set: {n: 1}}}]}}]"
    ).error()
    assert failed.path == "/a"


def test_the_items_are_read_once():
    run = Run("""do:
- loop:
    for: {in: '${ [now, now] }'}
    do: [{ask: {call: python, with: {function: f, arguments: {at: '${ $item }'}}}}]
""")
    run.walk(stop_at_park=False)
    items = run.step("/loop").control["items"]
    run.records = [r for r in run.records if "@1" not in r.path]
    run.step("/loop").status = StepStatus.RUNNING
    run.step("/loop").finished_at = None
    run.walk()
    assert run.step("/loop").control["items"] == items
    assert run.step("/loop/@1/ask").arguments["arguments"] == {"at": items[1]}
