from __future__ import annotations

import pytest

from executions.language import parse
from tests.language.texts import only_problem, parsed, workflow

USE = """
use:
  secrets: [shop]
  functions: {notify: {set: {x: 1}}}
  retries: {often: {delay: PT1S}}
  errors: {gone: {type: 'https://x.example/gone', status: 410}}
  timeouts: {short: {after: PT5S}}
  authentications: {shop: {basic: {use: shop}}}
"""
CALL = "call: http, with: {method: get, endpoint: {uri: 'https://x.example', authentication: %s}}"


@pytest.mark.parametrize(
    ("task", "pointer", "message", "suggestion"),
    [
        ("{call: notfy}", "call", "there is no function `notfy`", "did you mean `notify`?"),
        ("{call: htp, with: {}}", "call", "there is no function `htp`", "did you mean `http`?"),
        (
            "{set: {x: 1}, timeout: shrt}",
            "timeout",
            "there is no `shrt` under `use.timeouts`",
            "did you mean `short`?",
        ),
        (
            "{raise: {error: gon}}",
            "raise/error",
            "there is no `gon` under `use.errors`",
            "did you mean `gone`?",
        ),
        (
            "{try: [{x: {call: notify}}], catch: {retry: oftn}}",
            "catch/retry",
            "there is no `oftn` under `use.retries`",
            "did you mean `often`?",
        ),
        (
            "{" + CALL % "{use: shp}" + "}",
            "with/endpoint/authentication/use",
            "there is no `shp` under `use.authentications`",
            "did you mean `shop`?",
        ),
        (
            "{" + CALL % "{bearer: {use: shp}}" + "}",
            "with/endpoint/authentication/bearer/use",
            "the secret `shp` is used but not declared",
            "did you mean `shop`?",
        ),
        (
            "{set: {x: '${ $secrets.shp.password }'}}",
            "set/x",
            "the secret `shp` is used but not declared",
            "did you mean `shop`?",
        ),
        (
            "{set: '${ $secrets[\"my-key\"] }'}",
            "set",
            "the secret `my-key` is used but not declared",
            "",
        ),
        (
            "{set: '${ $secrets.\"my-key\" }'}",
            "set",
            "the secret `my-key` is used but not declared",
            "",
        ),
    ],
)
def test_a_name_that_is_not_declared_is_reported(
    task: str, pointer: str, message: str, suggestion: str
) -> None:
    problem = only_problem(f"- a: {task}", USE)
    assert (problem.pointer, problem.message) == (f"/do/0/a/{pointer}", message)
    assert problem.suggestion == suggestion


@pytest.mark.parametrize(
    "task",
    [
        "{call: notify, timeout: short}",
        "{raise: {error: gone}}",
        "{try: [{x: {call: notify}}], catch: {retry: often}}",
        "{" + CALL % "{use: shop}" + "}",
        "{" + CALL % "{basic: {use: shop}}" + "}",
        (
            "{call: python, with: {function: f, arguments: {x: '${ $secrets.shop.a }', y: '${"
            ' $secrets["shop"].x }\'}}}'
        ),
    ],
)
def test_a_name_that_is_declared_is_fine(task: str) -> None:
    assert parsed(f"- a: {task}", USE).warnings == ()


def test_the_time_out_of_the_workflow_is_looked_up() -> None:
    assert only_problem("- a: {set: {x: 1}}", "timeout: late").pointer == "/timeout"


def test_secrets_of_reusable_policies_are_looked_up() -> None:
    problem = only_problem(
        "- a: {set: {x: 1}}", "use: {authentications: {x: {bearer: {use: key}}}}"
    )
    assert problem.pointer == "/use/authentications/x/bearer/use"


def test_tasks_inside_functions_are_checked_too() -> None:
    problem = only_problem(
        "- a: {set: {x: 1}}", "use: {functions: {f: {do: [{g: {call: nothing}}]}}}"
    )
    assert problem.pointer == "/use/functions/f/do/0/g/call"


@pytest.mark.parametrize(
    ("functions", "message"),
    [
        ("{f: {call: f}}", "functions may not call themselves: `f` → `f`"),
        (
            "{f: {do: [{x: {call: g}}]}, g: {try: [{y: {call: f}}], catch: {}}}",
            "functions may not call themselves: ",
        ),
    ],
)
def test_a_function_that_calls_itself_is_refused(functions: str, message: str) -> None:
    assert only_problem(
        "- a: {set: {x: 1}}", f"use: {{functions: {functions}}}"
    ).message.startswith(message)


def test_functions_may_call_others() -> None:
    parsed(
        "- a: {call: f}",
        "use: {functions: {f: {do: [{x: {call: g}}, {y: {call: g}}]}, g: {set: {x: 1}}}}",
    )


def test_a_python_function_has_to_be_registered() -> None:
    task = "- a: {call: python, with: {function: csv.reed}}"
    problem = only_problem(task, known_functions={"csv.read": 1, "shop.pay": 2})
    assert problem.message == "no Python function is registered as `csv.reed`"
    assert problem.expected == "one of: csv.read, shop.pay"
    assert problem.suggestion == "did you mean `csv.read`?"
    parse(workflow(task), known_functions=["csv.reed"])
    parse(workflow(task), known_functions=None)


def test_a_credential_in_the_text_is_warned_of() -> None:
    (warning,) = parsed(
        "- a: {" + CALL % "{basic: {username: me, password: hunter2}}" + "}"
    ).warnings
    assert warning.message == "the password stands in the definition, where everybody reads it"
    assert "hunter2" not in str(warning)
