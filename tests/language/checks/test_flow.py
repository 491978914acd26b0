from __future__ import annotations

import pytest

from tests.language.texts import only_problem, parsed, problems, workflow

SET = "set: {x: 1}"


@pytest.mark.parametrize("then", ["continue", "exit", "end", "other"])
def test_then_leads_to_a_directive_or_a_task_of_the_list(then: str) -> None:
    parsed(f"- a: {{{SET}, then: {then}}}\n- other: {{{SET}}}")


def test_an_unknown_target_is_reported_with_the_one_that_is_close() -> None:
    problem = only_problem(f"- a: {{{SET}, then: othr}}\n- other: {{{SET}}}")
    assert problem.pointer == "/do/0/a/then"
    assert problem.message == "there is no task `othr` in this list"
    assert problem.suggestion == "did you mean `other`?"


def test_a_target_in_another_list_is_out_of_reach() -> None:
    problem = only_problem(f"- a: {{do: [{{b: {{{SET}, then: c}}}}]}}\n- c: {{{SET}}}")
    assert problem.message.endswith(
        "one of that name stands in another list, but `then` reaches only its own"
    )


def test_the_target_of_a_case_is_checked() -> None:
    problem = only_problem("- a: {switch: [{b: {when: .x, then: nowhere}}]}")
    assert problem.pointer == "/do/0/a/switch/0/b/then"


@pytest.mark.parametrize(
    ("tasks", "line"),
    [
        (f"- a: {{{SET}}}\n- a: {{{SET}}}", 5),
        (f"- x:\n    do:\n    - a: {{{SET}}}\n    - a: {{{SET}}}", 7),
        (f"- x:\n    for: {{in: .l}}\n    do:\n    - a: {{{SET}}}\n    - a: {{{SET}}}", 8),
        (f"- x:\n    try:\n    - a: {{{SET}}}\n    - a: {{{SET}}}\n    catch: {{}}", 7),
        (
            f"- x:\n    try: []\n    catch:\n      do:\n      - a: {{{SET}}}\n      - a: {{{SET}}}",
            9,
        ),
    ],
)
def test_a_name_used_twice_in_one_list_is_reported_at_the_second(tasks: str, line: int) -> None:
    problem = only_problem(tasks, "metadata: {}")
    assert (problem.line, problem.message) == (line, "the task name `a` is used twice in this list")


def test_lists_do_not_share_their_names() -> None:
    parsed(f"- a: {{do: [{{a: {{{SET}}}}}]}}\n- b: {{do: [{{a: {{{SET}}}}}]}}")


@pytest.mark.parametrize("name", ["continue", "exit", "end"])
def test_a_task_cannot_have_the_name_of_a_directive(name: str) -> None:
    assert only_problem(f"- {name}: {{{SET}}}").message.startswith(
        f"a task cannot be named `{name}`"
    )


def test_a_switch_has_one_default_at_most() -> None:
    problem = only_problem("- a: {switch: [{b: {then: exit}}, {c: {then: end}}]}")
    assert problem.pointer == "/do/0/a/switch/1/c"
    assert problem.message.startswith("the switch has two defaults")


def test_a_case_name_used_twice_is_reported() -> None:
    problem = only_problem("- a: {switch: [{b: {when: .x, then: exit}}, {b: {then: end}}]}")
    assert problem.message == "the case name `b` is used twice in this switch"


def test_a_function_cannot_lead_to_a_task() -> None:
    problem = only_problem(f"- a: {{{SET}}}", f"use: {{functions: {{f: {{{SET}, then: a}}}}}}")
    assert problem.message == "a function cannot go on at `a`"


@pytest.mark.parametrize(
    ("tasks", "unreached"),
    [
        (f"- a: {{{SET}}}\n- b: {{{SET}}}", []),
        (f"- a: {{{SET}, then: end}}\n- b: {{{SET}}}", ["b"]),
        (f"- a: {{{SET}, then: c}}\n- b: {{{SET}}}\n- c: {{{SET}}}", ["b"]),
        (f"- a: {{{SET}, then: c, if: .x}}\n- b: {{{SET}}}\n- c: {{{SET}}}", []),
        (f"- a: {{switch: [{{x: {{then: c}}}}]}}\n- b: {{{SET}}}\n- c: {{{SET}}}", ["b"]),
        (f"- a: {{switch: [{{x: {{when: .x, then: c}}}}]}}\n- b: {{{SET}}}\n- c: {{{SET}}}", []),
        (
            (
                f"- a: {{raise: {{error: {{type: 'https://e.x', status: 4}}}}}}\n- b: {{{SET}}}\n-"
                f" c: {{{SET}}}"
            ),
            ["b", "c"],
        ),
        (f"- a: {{{SET}, then: c}}\n- b: {{{SET}, then: exit}}\n- c: {{{SET}, then: b}}", []),
        (f"- x: {{do: [{{a: {{{SET}, then: exit}}}}, {{b: {{{SET}}}}}]}}", ["b"]),
    ],
)
def test_a_task_that_nothing_leads_to_is_warned_of(tasks: str, unreached: list[str]) -> None:
    warned = [warning.message for warning in parsed(tasks).warnings]
    assert warned == [f"nothing leads to the task `{name}`: it never runs" for name in unreached]


def test_lists_inside_a_broken_task_are_still_checked() -> None:
    found = problems(workflow(f"- a: {{do: [{{b: {{{SET}, then: x}}}}], wait: 3}}"))
    assert [problem.pointer for problem in found] == ["/do/0/a", "/do/0/a/do/0/b/then"]


@pytest.mark.parametrize(("optional", "warnings"), [("true", 0), ("false", 1)])
def test_after_a_raise_that_a_person_may_skip_the_next_task_runs(
    optional: str, warnings: int
) -> None:
    error = "raise: {error: {type: 'https://x.example/e', status: 400}}"
    definition = parsed(f"- a: {{{error}, metadata: {{optional: {optional}}}}}\n- b: {{{SET}}}")
    assert len(definition.warnings) == warnings
