"""Expressions that would run for ever, eat all memory or look at the worker: stopped, without harm to others."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jaq
import pytest

from executions.errors import ExpressionError
from executions.expressions import Limits, close, configure, evaluate, runaway
from executions.expressions.builtins import REASONS, prelude
from executions.expressions.program import prepared

FOR_EVER = ["def f: f; f", "1 | until(false; .)", "last(range(1e12))", "reduce range(1e12) as $i (0; . + $i)"]
TOO_MUCH = [
    "[range(1e9)]",
    "def f: 1 + f; f",
    '[limit(1e9; repeat("x"))]',
    '"x" * 100000000 | [., ., .] | map(. + "y") | add | [., .] | add',
    "[[], 100000000] | .[0] | setpath([100000000]; 1)",
]


@pytest.mark.parametrize("source", FOR_EVER)
def test_an_expression_without_end_is_stopped(source: str) -> None:
    with pytest.raises(ExpressionError, match=r"did not end within 0\.2 s"):
        evaluate(source, None, {}, deadline_seconds=0.2)


@pytest.mark.parametrize("source", TOO_MUCH)
def test_an_expression_that_eats_memory_is_stopped(source: str) -> None:
    with pytest.raises(ExpressionError, match=r"memory|larger than|did not end"):
        evaluate(source, None, {})


def test_neighbours_of_runaway_expressions_get_their_results() -> None:
    stop = threading.Event()

    def run_away() -> int:
        count = 0
        while not stop.is_set():
            with pytest.raises(ExpressionError, match="did not end"):
                evaluate("def f: f; f", None, {}, deadline_seconds=0.1)
            count += 1
        return count

    with ThreadPoolExecutor(7) as threads:
        wild = threads.submit(run_away)
        tame = [threads.submit(evaluate, f"[limit(2; repeat({n}))]", None, {}) for n in range(60)]
        results = [one.result() for one in tame]
        stop.set()
        assert wild.result() > 0
    assert results == [[n, n] for n in range(60)]


def test_a_result_larger_than_the_limit_is_refused() -> None:
    configure(Limits(max_result_bytes=1_000))
    try:
        with pytest.raises(ExpressionError, match="larger than 1000 bytes"):
            evaluate("[range(1000)]", None, {})
    finally:
        configure(Limits())


@pytest.mark.parametrize("name", sorted(REASONS))
@pytest.mark.parametrize("form", ["{0}", "[{0}]", '"\\({0})"', "{{a: {0}}}", "def f: {0}; f", ".a.b | {0}", "{0}(1)"])
def test_what_would_show_or_touch_the_worker_is_refused_by_name(name: str, form: str) -> None:
    with pytest.raises(ExpressionError, match="not available"):
        evaluate(form.format(name), None, {})


@pytest.mark.parametrize("name", sorted(REASONS))
def test_what_would_show_the_worker_is_shadowed_even_behind_the_screen(name: str) -> None:
    call = f"{name}(1)" if f"def {name}:" not in prelude(frozenset({name})) else name
    with pytest.raises(jaq.ExecutionError, match="not available"):
        jaq.compile(f"{prelude(frozenset({name}))} {call}").run(None)


@pytest.mark.parametrize(
    "source",
    [
        "$ENV",
        "$ENV.PATH",
        "$__loc__",
        "$__prog_args",
        "$__now",
        "input_filename",
        "input_line_number",
        "get_search_list",
        'import "a" as a; a::b',
        'include "a"; .',
        "a::env",
        "(def env: 1; env), env",
        "(def acosh: 1; acosh), acosh",
        "@yaml",
        "fromyaml",
        "toyaml",
        "tobytes",
        "builtins",
        "modulemeta",
        "1)] | env | [limit(2; 1",
    ],
)
def test_other_ways_out_are_closed(source: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(source, None, {})


def test_a_child_sees_nothing_of_the_environment() -> None:
    os.environ["STIGMER_LEAK_CANARY"] = "canary-value"
    try:
        close()
        evaluate("[limit(1; repeat(1))]", None, {})
        pool = runaway._pool
        assert pool is not None
        for pid in pool.pids():
            with open(f"/proc/{pid}/environ", "rb") as environment:
                names = {entry.partition(b"=")[0] for entry in environment.read().split(b"\0") if entry}
            assert names <= {b"PYTHONPATH"}
    finally:
        del os.environ["STIGMER_LEAK_CANARY"]


def test_a_forked_process_starts_children_of_its_own() -> None:
    assert evaluate("[limit(1; repeat(1))]", None, {}) == [1]
    parents = set(_pids())
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            same = evaluate("[limit(1; repeat(2))]", None, {}) == [2]
            status = 0 if same and not parents & set(_pids()) else 2
        finally:
            close()
            os._exit(status)
    os.close(writer)
    os.close(reader)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert evaluate("[limit(1; repeat(3))]", None, {}) == [3]


def _pids() -> list[int]:
    return runaway._pool.pids() if runaway._pool is not None else []


@pytest.mark.parametrize(
    "source",
    [
        "|".join(["[., .]"] * 40),
        "+".join(["(1, 2)"] * 40),
        "|".join([". + ."] * 60),
        "|".join([". * ."] * 40),
        "|".join(["[.] | tojson"] * 60),
        "|".join(['"\\(.)\\(.)"'] * 40),
        "[.[] as $a | .[] as $b | .[] as $c | 1]",
        "{a: .[], b: .[], c: .[], d: .[]}",
        "[if 1, 2 then 1 end + if 1, 2 then 1 end]",
        "[.[0, 1] + .[0, 1]]",
        ". as $x | map($x) | map($x)",
        '. * "x"',
    ],
)
def test_a_program_whose_cost_can_explode_does_not_run_in_the_worker(source: str) -> None:
    assert not prepared(source).may_run_here(list(range(100)), {})


@pytest.mark.parametrize(
    "source",
    [
        ".a + 1",
        "{id: .id, name: $input.name, ok: true, n: (.items | length)}",
        '"order \\(.id) of \\($input.name)"',
        ".price * .count",
        ".status == 200 and (.body.ok // false)",
        '.items | map(select(.state == "open"))',
        'if .n > 3 then "high" else "low" end',
        "[.items[] | .price]",
        ".a | tostring",
    ],
)
def test_everyday_programs_run_in_the_worker(source: str) -> None:
    value = {"id": 7, "items": [{"state": "open", "price": n} for n in range(10)], "price": 2, "count": 3}
    program = prepared(source)
    keys = program.screened.input_keys
    read = value if keys is None else {key: value[key] for key in keys if key in value}
    assert program.may_run_here(read, {"input": {"name": "x"}} if "input" in program.reads else {})


@pytest.mark.parametrize(
    "make",
    [
        lambda n: "(" * n + "1" + ")" * n,
        lambda n: "[" * n + "]" * n,
        lambda n: "-" * n + "1",
        lambda n: "|".join(["."] * n),
        lambda n: ". as $x|" * n + "1",
        lambda n: "if . then " * n + "1" + " end" * n,
        lambda n: '"\\(' * n + "1" + ')"' * n,
        lambda n: "try " * n + "1",
        lambda n: "def f:" * n + "1" + ";f" * n,
        lambda n: "." + "?" * n,
    ],
)
@pytest.mark.parametrize("size", [60, 700, 20_000])
def test_deep_nesting_is_refused_or_works_but_never_crashes(make: Any, size: int) -> None:
    try:
        evaluate(make(size), None, {})
    except ExpressionError as error:
        assert "crash" not in str(error)
    assert sys.is_finalizing() is False
