"""Each kind of task holds the fields that the DSL gives it."""

from __future__ import annotations

import pytest

from executions.language import Duration, ErrorDefinition, RetryPolicy, Task, Timeout
from executions.language.kinds.call_task import CallTask
from executions.language.kinds.do_task import DoTask
from executions.language.kinds.for_task import ForTask
from executions.language.kinds.raise_task import RaiseTask
from executions.language.kinds.set_task import SetTask
from executions.language.kinds.switch_task import SwitchTask
from executions.language.kinds.try_task import TryTask
from executions.language.kinds.wait_task import WaitTask
from tests.language.texts import only_problem, parsed


def task(text: str, top: str = "") -> Task:
    return parsed(f"- it: {text}\n- other: {{set: {{x: 1}}}}", top).workflow.do[0].task


def test_do_holds_tasks_in_order() -> None:
    found = task("{do: [{a: {set: {x: 1}}}, {b: {wait: PT1S}}]}")
    assert isinstance(found, DoTask)
    assert [(entry.name, entry.task.kind) for entry in found.do] == [("a", "set"), ("b", "wait")]


def test_set_holds_an_object_or_an_expression() -> None:
    as_object, as_text = task("{set: {x: '${ .y }'}}"), task("{set: '${ .y }'}")
    assert isinstance(as_object, SetTask) and isinstance(as_text, SetTask)
    assert as_object.set == {"x": "${ .y }"}
    assert as_text.set == "${ .y }"


def test_switch_holds_named_cases() -> None:
    found = task("{switch: [{big: {when: .x > 3, then: other}}, {rest: {then: end}}]}")
    assert isinstance(found, SwitchTask)
    assert [(entry.name, entry.case.when, entry.case.then) for entry in found.switch] == [
        ("big", ".x > 3", "other"),
        ("rest", None, "end"),
    ]


def test_for_names_its_variables_item_and_index_unless_told_otherwise() -> None:
    plain = task("{for: {in: .x}, do: []}")
    told = task("{for: {in: .x, each: row, at: number}, while: $row != null, do: []}")
    assert isinstance(plain, ForTask) and isinstance(told, ForTask)
    assert (plain.for_.each, plain.for_.at, plain.for_.in_, plain.while_) == (
        "item",
        "index",
        ".x",
        None,
    )
    assert (told.for_.each, told.for_.at, told.while_) == ("row", "number", "$row != null")


def test_try_holds_its_block_and_what_it_catches() -> None:
    found = task(
        "{try: [{a: {wait: PT1S}}], catch: {errors: {with: {status: 503, details: down}}, as: e,"
        " when: '$e.x', exceptWhen: $e.y, retry: {limit: {attempt: {count: 2, duration: PT3S},"
        " duration: PT9S}}, do: []}}"
    )
    assert isinstance(found, TryTask)
    catch = found.catch
    assert catch.errors and catch.errors.with_
    assert (catch.errors.with_.status, catch.errors.with_.detail) == (503, "down")
    assert (catch.as_, catch.when, catch.except_when, catch.do) == ("e", "$e.x", "$e.y", [])
    assert isinstance(catch.retry, RetryPolicy) and catch.retry.limit and catch.retry.limit.attempt
    assert (catch.retry.limit.attempt.count, catch.retry.limit.attempt.duration) == (
        2,
        Duration(3.0),
    )


def test_an_empty_catch_takes_every_error() -> None:
    found = task("{try: [{a: {wait: PT1S}}], catch: {}}")
    assert isinstance(found, TryTask)
    assert (found.catch.errors, found.catch.as_, found.catch.retry, found.catch.do) == (
        None,
        "error",
        None,
        None,
    )


def test_raise_holds_an_error_or_the_name_of_one() -> None:
    inline = task("{raise: {error: {type: 'https://x.example/e', status: 400, title: '${ .t }'}}}")
    named = task(
        "{raise: {error: gone}}",
        "use: {errors: {gone: {type: 'https://x.example/gone', status: 410}}}",
    )
    assert isinstance(inline, RaiseTask) and isinstance(named, RaiseTask)
    assert inline.raise_.error == ErrorDefinition(
        type="https://x.example/e", status=400, title="${ .t }"
    )
    assert named.raise_.error == "gone"


def test_wait_holds_a_duration() -> None:
    found = task("{wait: '${ .pause }'}")
    assert isinstance(found, WaitTask)
    assert found.wait == Duration(expression="${ .pause }")


@pytest.mark.parametrize(
    ("text", "call", "arguments"),
    [
        (
            (
                "{call: http, with: {method: GET, endpoint: 'https://x.example/{id}', query: '${ .q"
                " }'}}"
            ),
            "http",
            {"method": "GET", "endpoint": "https://x.example/{id}", "query": "${ .q }"},
        ),
        (
            "{call: python, with: {function: csv.read, arguments: {path: '${ .path }'}}}",
            "python",
            {"function": "csv.read", "arguments": {"path": "${ .path }"}},
        ),
        ("{call: mine, with: {a: '${ .b }'}}", "mine", {"a": "${ .b }"}),
        ("{call: mine}", "mine", {}),
    ],
)
def test_call_keeps_its_arguments_as_plain_json(
    text: str, call: str, arguments: dict[str, object]
) -> None:
    found = task(text, "use: {functions: {mine: {set: {x: 1}}}}")
    assert isinstance(found, CallTask)
    assert (found.kind, found.call, found.with_) == ("call", call, arguments)


def test_every_task_can_have_conditions_transforms_and_our_settings() -> None:
    found = task(
        "{set: {x: 1}, if: .go, input: {from: .a, schema: {document: {type: object}}}, output: {as:"
        " '${ .b }'}, export: {as: {c: '${ .d }'}}, timeout: {after: {seconds: 3}}, then: other,"
        " metadata: {optional: true, effect: pure, retry: {delay: PT1S}, attemptTimeout: PT2S,"
        " owner: me}}"
    )
    assert found.if_ == ".go"
    assert found.input and found.input.from_ == ".a" and found.input.schema_
    assert found.input.schema_.document == {"type": "object"}
    assert found.output and found.output.as_ == "${ .b }"
    assert found.export and found.export.as_ == {"c": "${ .d }"}
    assert found.timeout == Timeout(after=Duration(3.0))
    assert found.then == "other"
    assert (found.metadata.optional, found.metadata.effect, found.metadata.attempt_timeout) == (
        True,
        "pure",
        Duration(2.0),
    )
    assert found.metadata.retry and found.metadata.retry.delay == Duration(1.0)
    assert found.metadata.model_extra == {"owner": "me"}


def test_a_task_without_settings_has_the_defaults() -> None:
    settings = task("{set: {x: 1}}").metadata
    assert (settings.optional, settings.effect, settings.retry, settings.attempt_timeout) == (
        False,
        None,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{for: {in: .x, each: a-b}, do: []}", "letters, digits and underscores"),
        ("{for: {in: .x, at: 1x}, do: []}", "letters, digits and underscores"),
        ("{for: {in: .x, each: context}, do: []}", "the variable $context is the DSL's own"),
        ("{for: {in: .x, each: x, at: x}, do: []}", "`each` and `at` cannot both be named `x`"),
        ("{try: [{a: {wait: PT1S}}], catch: {as: input}}", "the variable $input is the DSL's own"),
    ],
)
def test_a_variable_has_a_name_that_expressions_can_read(text: str, message: str) -> None:
    assert message in only_problem(f"- it: {text}").message


@pytest.mark.parametrize("name", ["''", '"a\\nb"', "x" * 201])
def test_a_task_name_can_be_shown_and_stored(name: str) -> None:
    assert only_problem(f"- {name}: {{set: {{x: 1}}}}").pointer.startswith("/do/0/")
