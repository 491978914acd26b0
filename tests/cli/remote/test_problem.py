"""Problems of the server as errors of the command."""

from __future__ import annotations

from typing import Any

import pytest

from executions.api.problems import KINDS, Problem
from executions.cli.exits import ExitCode
from executions.cli.remote.problem import ServerProblem, finding_line

EXPECTED = {
    "malformed": ExitCode.REFUSED,
    "invalid-argument": ExitCode.USAGE,
    "wrong-phase": ExitCode.REFUSED,
    "not-skippable": ExitCode.REFUSED,
    "unauthenticated": ExitCode.FORBIDDEN,
    "forbidden": ExitCode.FORBIDDEN,
    "csrf": ExitCode.FORBIDDEN,
    "not-found": ExitCode.NOT_FOUND,
    "method-not-allowed": ExitCode.FAILED,
    "conflict": ExitCode.REFUSED,
    "in-flight": ExitCode.REFUSED,
    "stale": ExitCode.REFUSED,
    "too-large": ExitCode.FAILED,
    "unsupported-media-type": ExitCode.FAILED,
    "invalid": ExitCode.USAGE,
    "invalid-definition": ExitCode.FAILED,
    "key-reused": ExitCode.USAGE,
    "rate-limited": ExitCode.UNAVAILABLE,
    "recovery-failed": ExitCode.FAILED,
    "internal": ExitCode.FAILED,
    "unavailable": ExitCode.UNAVAILABLE,
}


def answered(name: str, **more: Any) -> ServerProblem:
    return ServerProblem(
        KINDS[name].status, Problem(name, "What was wrong").as_json("/here", "c-1") | more
    )


@pytest.mark.parametrize("name", list(KINDS))
def test_every_kind_of_problem_has_its_exit_code(name: str) -> None:
    assert answered(name).code == EXPECTED[name]


@pytest.mark.parametrize("name", list(KINDS))
def test_the_line_says_what_was_wrong_and_speaks_of_no_field_of_the_answer(name: str) -> None:
    text = str(answered(name))
    assert text.startswith("What was wrong. ") or text == "What was wrong."
    assert "`detail`" not in text and "`errors`" not in text and "\n" not in text


def test_an_error_of_the_server_carries_its_correlation_id() -> None:
    assert str(answered("internal")).endswith("Correlation id: c-1.")


def test_a_finding_is_one_line_with_its_place() -> None:
    finding = {
        "pointer": "#/do/0",
        "line": 3,
        "detail": "no kind",
        "expected": "do",
        "suggestion": "did you mean `set`?",
    }
    assert finding_line(finding) == "line 3, /do/0: no kind (expected do; did you mean `set`?)"
    assert finding_line({"parameter": "limit", "detail": "too many"}) == "--limit: too many"


def test_no_remedy_speaks_of_a_header() -> None:
    for name in KINDS:
        assert "Retry-After" not in str(answered(name)) and "Content-Type" not in str(
            answered(name)
        )
    assert str(answered("unavailable")) == "What was wrong. `stigmer doctor` checks everything."


def test_fields_are_named_as_options_in_the_line_and_in_its_findings() -> None:
    errors = [
        {"pointer": "#/checkpoint_seq", "detail": "Too large."},
        {"pointer": "#/input/qty", "detail": "No number."},
    ]
    detail = "#/checkpoint_seq: Too large.; #/input/qty: No number."
    problem = answered("invalid", errors=errors, detail=detail)
    assert str(problem).startswith("--checkpoint: Too large.; --input /qty: No number.")
    assert problem.findings == ["--checkpoint: Too large.", "--input /qty: No number."]
