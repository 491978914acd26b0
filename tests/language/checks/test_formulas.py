from __future__ import annotations

import sys

import pytest

from tests.language.texts import only_problem, parsed, problems, workflow

HTTP = "{call: http, with: {method: '%s', endpoint: 'https://x.example'}}"


@pytest.mark.parametrize(
    ("task", "pointer"),
    [
        ("{set: {x: 1}, if: '.a +'}", "if"),
        ("{set: {x: 1}, if: '${ .a + }'}", "if"),
        ("{set: {x: 1}, input: {from: '.a +'}}", "input/from"),
        ("{set: {x: 1}, output: {as: '.a +'}}", "output/as"),
        ("{set: {x: 1}, output: {as: {b: '${ .a + }'}}}", "output/as/b"),
        ("{set: {x: 1}, export: {as: '.a +'}}", "export/as"),
        ("{set: {x: {y: [1, '${ .a + }']}}}", "set/x/y/1"),
        ("{set: '${ .a + }'}", "set"),
        ("{wait: '${ .a + }'}", "wait"),
        ("{set: {x: 1}, timeout: {after: '${ .a + }'}}", "timeout/after"),
        ("{for: {in: '.a +'}, do: []}", "for/in"),
        ("{for: {in: .a}, while: '.a +', do: []}", "while"),
        ("{switch: [{b: {when: '.a +', then: end}}]}", "switch/0/b/when"),
        ("{try: [], catch: {when: '.a +'}}", "catch/when"),
        ("{try: [], catch: {exceptWhen: '.a +'}}", "catch/exceptWhen"),
        ("{try: [], catch: {retry: {when: '.a +'}}}", "catch/retry/when"),
        ("{try: [], catch: {retry: {delay: '${ .a + }'}}}", "catch/retry/delay"),
        ("{set: {x: 1}, metadata: {retry: {exceptWhen: '.a +'}}}", "metadata/retry/exceptWhen"),
        ("{set: {x: 1}, metadata: {attemptTimeout: '${ .a + }'}}", "metadata/attemptTimeout"),
        (
            "{raise: {error: {type: 'https://x.example', status: 400, detail: '${ .a + }'}}}",
            "raise/error/detail",
        ),
        (HTTP % "${ .a + }", "with/method"),
        ("{call: python, with: {function: f, arguments: '${ .a + }'}}", "with/arguments"),
    ],
)
def test_an_expression_that_does_not_compile_is_reported_where_it_stands(
    task: str, pointer: str
) -> None:
    problem = only_problem(f"- t: {task}")
    assert problem.pointer == f"/do/0/t/{pointer}"
    assert problem.message.startswith("the expression is not valid: ")


@pytest.mark.parametrize(
    ("top", "pointer"),
    [
        ("input: {from: '.a +'}", "/input/from"),
        ("output: {as: {x: '${ .a + }'}}", "/output/as/x"),
        ("timeout: {after: '${ .a + }'}", "/timeout/after"),
        ("use: {retries: {r: {when: '.a +'}}}", "/use/retries/r/when"),
        (
            "use: {errors: {e: {type: 'https://x.example', status: 400, title: '${ .a + }'}}}",
            "/use/errors/e/title",
        ),
        ("use: {timeouts: {t: {after: '${ .a + }'}}}", "/use/timeouts/t/after"),
        (
            "use: {authentications: {a: {bearer: {token: '${ .a + }'}}}}",
            "/use/authentications/a/bearer/token",
        ),
        ("use: {functions: {f: {set: '${ .a + }'}}}", "/use/functions/f/set"),
    ],
)
def test_expressions_outside_of_the_tasks_are_checked(top: str, pointer: str) -> None:
    assert only_problem("- t: {set: {x: 1}}", top).pointer == pointer


@pytest.mark.parametrize(
    "task",
    [
        "{set: '${ [$context, $input, $workflow, $runtime, $task] }'}",
        "{for: {in: .x, each: row, at: n}, while: $row != $n, do: [{a: {set: '${ $row + $n }'}}]}",
        (
            "{for: {in: .x}, do: [{a: {for: {in: $item, each: inner}, do: [{b: {set: '${ [$item,"
            " $index, $inner] }'}}]}}]}"
        ),
        "{try: [], catch: {when: $error.status > 1, do: [{a: {set: '${ $error }'}}]}}",
        (
            "{try: [], catch: {as: e, exceptWhen: $e.status > 1, retry: {when: $e}, do: [{a: {set:"
            " '${ $e }'}}]}}"
        ),
        "{set: {x: 1}, metadata: {retry: {when: $error.status == 3}}}",
        "{set: '${ . as $x | $x }'}",
    ],
)
def test_the_variables_of_a_place_are_known_there(task: str) -> None:
    parsed(f"- t: {task}")


@pytest.mark.parametrize(
    "task",
    [
        "{set: '${ $item }'}",
        "{for: {in: $item}, do: []}",
        "{for: {in: .x}, do: [], output: {as: $item}}",
        "{try: [{a: {set: '${ $error }'}}], catch: {}}",
        "{try: [], catch: {as: e, when: $error}}",
    ],
)
def test_a_variable_is_unknown_outside_of_its_place(task: str) -> None:
    assert "unknown variable" in only_problem(f"- t: {task}").message


def test_text_with_an_expression_in_its_middle_is_warned_of() -> None:
    (warning,) = parsed("- t: {set: {x: 'Hello ${ .name }!'}}").warnings
    assert warning.pointer == "/do/0/t/set/x"
    assert "stays as it is" in warning.message


def test_free_metadata_and_schemas_hold_no_expressions() -> None:
    text = (
        "- t: {set: {x: 1}, metadata: {note: '${ .a + }'}, input: {schema: {document: {const: '${"
        " .a + }'}}}}"
    )
    assert parsed(text).warnings == ()
    assert "${ .a + }" in workflow(text)


STORED = {
    "set": ("{set: {x: '${ EXPRESSION }'}}", "/set/x"),
    "set as a whole": ("{set: '${ EXPRESSION }'}", "/set"),
    "input.from": ("{set: {x: 1}, input: {from: '${ EXPRESSION }'}}", "/input/from"),
    "output.as": ("{set: {x: 1}, output: {as: '${ EXPRESSION }'}}", "/output/as"),
    "output.as, an object": ("{set: {x: 1}, output: {as: {y: '${ EXPRESSION }'}}}", "/output/as/y"),
    "export.as": ("{set: {x: 1}, export: {as: '${ EXPRESSION }'}}", "/export/as"),
    "for.in": ("{for: {in: '${ EXPRESSION }'}, do: []}", "/for/in"),
    "raise": (
        "{raise: {error: {type: 'https://a.example/x', status: 400, detail: '${ EXPRESSION }'}}}",
        "/raise/error/detail",
    ),
    "wait": ("{wait: {seconds: '${ EXPRESSION }'}}", "/wait/seconds"),
    "timeout": (
        "{set: {x: 1}, timeout: {after: {seconds: '${ EXPRESSION }'}}}",
        "/timeout/after/seconds",
    ),
    "attemptTimeout": (
        "{set: {x: 1}, metadata: {attemptTimeout: {seconds: '${ EXPRESSION }'}}}",
        "/metadata/attemptTimeout/seconds",
    ),
    "arguments of a named function": (
        "{call: f, with: {x: {y: ['${ EXPRESSION }']}}}",
        "/with/x/y/0",
    ),
}
USE = "use: {secrets: [key], functions: {f: {set: {x: 1}}}}"


@pytest.mark.parametrize(
    "expression", ["$secrets.key", '"a" + $secrets.key | length', "$secrets", "$ secrets"]
)
@pytest.mark.parametrize("place", STORED)
def test_a_secret_where_the_result_is_stored_is_refused(place: str, expression: str) -> None:
    task, pointer = STORED[place]
    found = problems(workflow(f"- t: {task.replace('EXPRESSION', expression)}", USE))
    assert [
        problem.pointer for problem in found if "a secret cannot stand here" in problem.message
    ] == [f"/do/0/t{pointer}"]


@pytest.mark.parametrize(
    "top",
    [
        "input: {from: '${ $secrets.key }'}",
        "output: {as: '${ $secrets.key }'}",
        "timeout: {after: '${ $secrets.key }'}",
    ],
)
def test_the_workflows_own_input_and_output_are_stored_too(top: str) -> None:
    assert (
        "a secret cannot stand here" in only_problem("- t: {set: {x: 1}}", f"{USE}\n{top}").message
    )


@pytest.mark.parametrize(
    "task",
    [
        (
            "{call: http, with: {method: get, endpoint: '${ $secrets.key }', headers: {a: '${"
            " $secrets.key | length }'}}}"
        ),
        "{call: python, with: {function: f, arguments: {x: '${ $secrets.key }'}}}",
        "{set: {x: 1}, if: '${ $secrets.key == \"on\" }'}",
        "{switch: [{a: {when: '${ $secrets.key == \"on\" }', then: end}}]}",
        "{for: {in: .x}, while: '${ $secrets.key != \"off\" }', do: []}",
        "{set: {x: '${ .secrets }', y: '${ \"secrets\" }'}}",
    ],
)
def test_a_secret_where_nothing_of_it_is_stored_is_fine(task: str) -> None:
    parsed(f"- t: {task}", USE)


def test_numbers_that_json_lacks_are_warned_about_where_they_stand() -> None:
    (warning,) = parsed("- t: {set: {x: '${ [1, nan] }'}}").warnings
    assert (warning.pointer, "becomes null" in warning.message) == ("/do/0/t/set/x", True)


def test_expressions_that_take_too_long_to_compile_end_the_checking(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys.modules["executions.language.reading.parser"], "CHECK_SECONDS", 0.5)
    monkeypatch.setattr("executions.expressions.checking.EVALUATION_SECONDS", 0.3)
    bombs = "".join(
        f"\n- t{n}: {{set: {{x: '${{ {n}+{'+'.join(['.a'] * 5_000)} }}'}}}}" for n in range(6)
    )
    found = [problem.message for problem in problems(workflow(bombs.lstrip("\n")))]
    assert len(found) == 6
    assert "did not end within 0.3 s" in found[0]
    assert "those before it took more than 0.5 s" in found[-1]
