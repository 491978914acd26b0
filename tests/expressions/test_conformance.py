"""jq's own tests, through our evaluation: whatever the `jq` of the lock answers, we answer
alike.
"""

from __future__ import annotations

import json
import os
from typing import Any

import jq
import pytest

from executions.errors import ExpressionError
from executions.expressions import evaluate
from tests.expressions.jq_sources import NotFetched, groups, texts_of_tests

FILES = ["jq.test", "man.test", "onig.test", "manonig.test", "base64.test", "uri.test"]
LEAST = 800
_INPUT = "the input is not JSON, and nothing in a workflow is anything else"
_FLOAT = "numbers that are not whole are floats: that many digits they do not keep"
_ENVIRONMENT = "a workflow does not see the environment of a process"
# By file and program: why our answer is another one.
DEVIATIONS = {
    ("jq.test", ".[] = 1"): _INPUT,
    ("jq.test", "tojson | fromjson"): _INPUT,
    ("jq.test", "map(try implode catch .)"): _INPUT,
    (
        "jq.test",
        "9E999999999, 9999999999E999999990, 1E-999999999, 0.000000001E-999999990",
    ): "a number beyond a float is refused, where jq prints what it cannot calculate with",
    (
        "jq.test",
        (
            '-. | tojson == if have_decnum then "0.12345678901234567890123456789" else'
            ' "0.12345678901234568" end'
        ),
    ): _FLOAT,
    (
        "man.test",
        (
            'map([., . == 1]) | tojson == if have_decnum then "[[1,true],[1.000,true],[1.0,true],'
            '[1.00,true]]" else "[[1,true],[1,true],[1,true],[1,true]]" end'
        ),
    ): _FLOAT,
    ("man.test", "$ENV.PAGER"): _ENVIRONMENT,
    ("man.test", "env.PAGER"): _ENVIRONMENT,
}


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    """The test files, or the reason why there are none. Where tests gate a change there are."""
    try:
        return texts_of_tests()
    except NotFetched as problem:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"jq's own tests cannot be fetched here: {problem}")


def ours(program: str, given: str) -> Any:
    """All outputs up to the first error, or the reason why there are none."""
    try:
        value = json.loads(given.removeprefix("\ufeff"))
        return evaluate(f"[try ({program}\n) catch empty]", value, {}, deadline_seconds=30.0)
    except (ExpressionError, ValueError) as problem:
        return f"refused: {problem}"


def theirs(program: str, given: str) -> Any:
    """The same by the library alone."""
    try:
        wrapped = jq.compile(f"[try ({program}\n) catch empty] | tojson")
        return json.loads(wrapped.input_text(given).first())
    except ValueError as problem:
        return f"refused: {problem}"


@pytest.mark.parametrize("name", FILES)
def test_programs_give_what_jq_says_that_they_give(
    files: dict[str, str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAGER", "less")
    different, no_longer, answered = [], [], 0
    for group in groups(files[name]):
        if group[0].startswith("%%FAIL"):
            continue
        program, given, *outputs = group
        expected = [json.loads(each) for each in outputs]
        deviates = (name, program) in DEVIATIONS
        if ours(program, given) == expected:
            answered += 1
            no_longer += [program] if deviates else []
        elif not deviates and theirs(program, given) == expected:
            different.append((program, given, ours(program, given), expected))
    print(f"{name}: {answered} programs answered as jq's own tests expect")
    assert not different
    assert not no_longer, "these are no deviations any more"


@pytest.mark.parametrize("name", FILES)
def test_programs_that_jq_refuses_are_refused(files: dict[str, str], name: str) -> None:
    refused = [group for group in groups(files[name]) if group[0].startswith("%%FAIL")]
    for _, program, *_ in refused:
        with pytest.raises(ExpressionError):
            evaluate(program, None, {})


def test_the_files_are_all_there_and_the_deviations_few(files: dict[str, str]) -> None:
    assert sum(len(list(groups(files[name]))) for name in FILES) >= LEAST
    assert len(DEVIATIONS) <= 10
    assert {name for name, _ in DEVIATIONS} <= set(FILES)
