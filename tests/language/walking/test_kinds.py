"""The other kinds of task: set, switch, do, raise, wait, call."""

from __future__ import annotations

import pytest

from tests.language.walking.walking import Run

OUTPUTS = {
    "set with an object": (
        "do: [{a: {set: {n: 1, m: '${ .x }', deep: [{k: '${ .x + 1 }'}], plain: 'a ${ b'}}}]",
        {"n": 1, "m": 4, "deep": [{"k": 5}], "plain": "a ${ b"},
    ),
    "set with an expression": ("do: [{a: {set: '${ {y: .x} }'}}]", {"y": 4}),
    "switch takes the first case that holds": (
        (
            "do: [{s: {switch: [{a: {when: '${ .x > 5 }', then: one}}, {b: {when: '${ .x > 3 }',"
            " then: two}}, {c: {when: '${ .x > 1 }', then: one}}]}}, {one: {set: {n: 1}, then:"
            " end}}, {two: {set: {n: 2}}}]"
        ),
        {"n": 2},
    ),
    "switch takes its default wherever that stands": (
        (
            "do: [{s: {switch: [{d: {then: two}}, {a: {when: '${ .x > 5 }', then: one}}]}},"
            " {one: {set: {n: 1}, then: end}}, {two: {set: {n: 2}}}]"
        ),
        {"n": 2},
    ),
    "switch without a case that holds goes where its then says": (
        (
            "do: [{s: {switch: [{a: {when: '${ .x > 5 }', then: one}}], then: two}},"
            " {one: {set: {n: 1}, then: end}}, {two: {set: {n: '${ .x }'}}}]"
        ),
        {"n": 4},
    ),
    "switch inside a composite can leave it": (
        "do: [{outer: {do: [{s: {switch: [{d: {then: exit}}]}}, {one: {set: {n: 1}}}]}}]",
        {"x": 4},
    ),
    "do gives the output of its last task": (
        "do: [{d: {do: [{a: {set: {n: 1}}}, {b: {set: {n: 2}}}]}}]",
        {"n": 2},
    ),
    "wait gives its input": ("do: [{w: {wait: {hours: 1}}}]", {"x": 4}),
    "wait takes an expression": ("do: [{w: {wait: '${ {seconds: .x} }'}}]", {"x": 4}),
    "wait takes an ISO 8601 text": ("do: [{w: {wait: PT5S}}]", {"x": 4}),
    "a function gets its arguments as input": (
        (
            "use: {functions: {twice: {set: {n: '${ .k * 2 }'}}}}\ndo: [{a: {call: twice, with: {k:"
            " '${ .x }'}}}]"
        ),
        {"n": 8},
    ),
    "a function may call": (
        (
            "use: {functions: {ask: {call: python, with: {function: f, arguments: {q: '${ .k"
            " }'}}}}}\ndo: [{a: {call: ask, with: {k: '${ .x }'}, output: {as: '${ .q + 1 }'}}}]"
        ),
        5,
    ),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_task_gives_its_output(name):
    text, output = OUTPUTS[name]
    assert Run(text, {"x": 4}).output() == output


@pytest.mark.parametrize(
    ("wait", "seconds"), [("{hours: 1}", 3600), ("{milliseconds: 1500}", 1.5), ("PT2M", 120)]
)
def test_a_wait_parks_until_its_moment(wait, seconds):
    run = Run(f"do: [{{w: {{wait: {wait}}}}}]")
    run.output()
    assert run.parks == [seconds]
    assert run.step("/w").control["until"].startswith("2026-01-01T")


def test_a_wait_of_no_time_does_not_park():
    run = Run("do: [{w: {wait: {seconds: 0}}}]")
    run.output()
    assert run.parks == []


def test_raise_gives_the_error_that_it_describes():
    failed = Run(
        """use:
  errors: {late: {type: 'https://example.org/late', status: 504, title: Late, detail: '${ "by \\(.x)" }'}}
do: [{a: {raise: {error: late}}}]
""",
        {"x": 4},
    ).error()
    assert failed.error.as_json() == {
        "type": "https://example.org/late",
        "status": 504,
        "title": "Late",
        "detail": "by 4",
        "instance": "/do/0/a",
    }


def test_a_call_keeps_the_arguments_that_it_had_at_its_begin():
    run = Run("do: [{a: {call: python, with: {function: f, arguments: {at: '${ now }'}}}}]")
    output = run.output()
    assert run.step("/a").arguments["arguments"] == output


def test_a_failing_call_says_where_it_stands():
    failed = Run(
        "do: [{a: {call: python, with: {function: f, arguments: {fail: no stock}}}}]"
    ).error()
    assert (failed.error.detail, failed.error.instance, failed.path) == (
        "no stock",
        "/do/0/a",
        "/a",
    )


def test_an_authentication_by_name_is_put_in_its_place():
    run = Run("""use: {authentications: {shop: {bearer: {token: abc}}}}
do: [{a: {call: http, with: {method: get, endpoint: {uri: 'https://example.org/', authentication: {use: shop}}}}}]
""")
    run.output()
    assert run.step("/a").arguments["endpoint"]["authentication"] == {"bearer": {"token": "abc"}}


@pytest.mark.parametrize("endpoint", ["https://shop.example/{x}", "${ .url }"])
def test_a_call_is_asked_for_as_it_is_written_with_the_input_that_it_is_made_with(endpoint):
    text = f"do: [{{a: {{call: http, with: {{method: get, endpoint: '{endpoint}'}}}}}}]"
    run = Run(text, {"x": 4, "url": "http://a/{"})
    run.output()
    (asked,) = run.asked
    assert (asked.written["endpoint"], asked.input) == (endpoint, {"x": 4, "url": "http://a/{"})
