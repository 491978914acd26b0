"""What is refused of branches when a workflow is applied."""

from __future__ import annotations

import pytest

from executions.language import parse
from tests.language.texts import only_problem

FORK = "- f: {{fork: {{branches: [{}]}}}}"


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        (
            FORK.format("{a: {set: {x: 1}, then: b}}, {b: {set: {x: 2}}}"),
            "a branch cannot go on at `b`: it runs beside it",
        ),
        (
            FORK.format("{a: {set: {x: 1}, then: c}}, {b: {set: {x: 2}}}"),
            "there is no task `c` in this list",
        ),
        (
            FORK.format("{a: {set: {x: 1}}}, {a: {set: {x: 2}}}"),
            "the task name `a` is used twice in this list",
        ),
        (
            "- l: {for: {in: '${ . }'}, while: '${ true }', do: [{a: {set: {x: 1}}}], metadata:"
            " {parallel: 2}}",
            "a loop with `metadata.parallel` cannot have `while`: its rounds run beside each"
            " other, so none follows from the one before",
        ),
    ],
)
def test_what_branches_cannot_have_is_refused(tasks: str, message: str) -> None:
    assert only_problem(tasks).message == message


@pytest.mark.parametrize("many", ["0", "1001", "two", "true"])
def test_how_many_are_gone_through_at_once_is_a_number_in_bounds(many: str) -> None:
    tasks = (
        "- l: {for: {in: '${ . }'}, do: [{a: {set: {x: 1}}}], metadata: {parallel: " + many + "}}"
    )
    assert "/metadata/parallel" in only_problem(tasks).pointer


def test_branches_need_not_lead_to_each_other() -> None:
    tasks = FORK.format("{a: {set: {x: 1}, then: exit}}, {b: {set: {x: 2}, then: end}}")
    head = "document: {dsl: '1.0.0', namespace: n, name: w, version: '1.0.0'}\ndo:\n"
    assert parse(head + tasks + "\n").warnings == ()


def test_other_tasks_may_have_a_word_of_their_own_of_that_name() -> None:
    head = "document: {dsl: '1.0.0', namespace: n, name: w, version: '1.0.0'}\ndo:\n"
    assert parse(head + "- a: {set: {x: 1}, metadata: {parallel: yes please}}\n").workflow.do
