"""`call: python`: what a function does becomes the step's outcome, and a deadline is enforced by
killing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from executions.calls.context import Cancellation, Deadline, StepContext
from executions.calls.outcome import Done, Fail, Outcome
from executions.calls.python import step as python
from executions.calls.python.functions import load_functions
from executions.calls.python.step import FunctionPool
from executions.secrets import Secrets
from tests.processes import lives
from tests.waiting import until

MODULE = "tests.calls.python.sample_functions"
SECRET = "canary-secret-value"


@pytest.fixture(scope="module", autouse=True)
def _pool() -> Iterator[None]:
    load_functions([MODULE])
    python.configure(FunctionPool(modules=[MODULE]))
    yield
    python.configure(FunctionPool())


def context(seconds: float = 30, cancellation: Cancellation | None = None) -> StepContext:
    secrets = Secrets({"key": SECRET}, "nonce12345")
    secrets.placeholders(["key"])
    return StepContext(
        execution_id="wex-1",
        correlation_id="correlation",
        path="/do/0/call",
        attempt=2,
        idempotency_key="wex-1/call/0",
        deadline=Deadline(seconds),
        secrets=secrets,
        cancellation=cancellation or Cancellation(),
    )


def call(name: str, arguments: Any = None, **options: Any) -> Outcome:
    return python.run({"function": name, "arguments": arguments or {}}, context(**options))


def failed(outcome: Outcome) -> Fail:
    assert isinstance(outcome, Fail), outcome
    return outcome


def test_a_function_runs_in_a_child_and_its_prints_are_the_log() -> None:
    assert call("shout", {"text": "hey"}) == Done("HEY!", "shouting\n")
    outcome = call("where.child")
    assert isinstance(outcome, Done)
    assert outcome.output != os.getpid()


def test_a_function_that_asks_for_it_runs_in_this_thread() -> None:
    assert call("where") == Done(os.getpid())


def test_a_transactional_function_is_called_in_the_thread_of_the_engine() -> None:
    assert python.run_here({"function": "booked"}, context()) == Done("booked")
    outcome = failed(
        python.run_here({"function": "booked", "arguments": {"fail": True}}, context())
    )
    assert (outcome.transient, outcome.rule) == (True, "function raised ConnectionResetError")


def test_a_function_knows_its_attempt() -> None:
    assert call("who") == Done(
        {
            "execution_id": "wex-1",
            "correlation_id": "correlation",
            "attempt": 2,
            "idempotency_key": "wex-1/call/0",
        }
    )


@pytest.mark.parametrize("name", ["shout"])
def test_secrets_are_filled_in_for_the_function_and_redacted_from_what_it_gives(name: str) -> None:
    placeholder = context().secrets.fill  # what the step itself uses
    secrets = Secrets({"key": SECRET}, "nonce12345")
    text = secrets.placeholders(["key"])["key"]
    assert placeholder(text) == SECRET
    assert call("fails", {"how": text}) != Done(SECRET)
    outcome = failed(call("fails", {"how": f"x {text}"}))
    assert outcome.error.detail == "ValueError: x [secret key]"
    assert SECRET not in outcome.log


@pytest.mark.parametrize(
    ("how", "transient", "detail"),
    [
        ("permanent", False, "never"),
        ("reset", True, "ConnectionResetError: reset"),
        ("slow", True, "TimeoutError: slow"),
        ("other", False, "ValueError: other"),
        ("object", False, "PydanticSerializationError"),
        ("nan", False, "not JSON compliant"),
    ],
)
def test_what_a_function_raises_is_transient_or_permanent(
    how: str, transient: bool, detail: str
) -> None:
    outcome = failed(call("fails", {"how": how}))
    assert outcome.transient is transient
    assert outcome.rule.startswith("function raised ")
    assert detail in outcome.error.detail
    assert outcome.error.type.endswith("/runtime")


def test_an_author_may_say_which_error_of_the_dsl_it_is() -> None:
    outcome = failed(call("fails", {"how": "transient"}))
    error = outcome.error
    assert (error.type, error.status, error.title) == (
        "https://example.com/errors/busy",
        503,
        "Busy",
    )
    assert (error.detail, outcome.transient, outcome.retry_after) == ("try later", True, 7.0)


@pytest.mark.parametrize(("how", "words"), [("exit", "exit code 3"), ("crash", "SIGSEGV")])
def test_a_child_that_dies_by_itself_is_a_transient_failure(how: str, words: str) -> None:
    outcome = failed(call("fails", {"how": how}))
    assert (outcome.transient, outcome.rule, outcome.effect_possible) == (
        True,
        "child process died",
        True,
    )
    assert words in outcome.error.detail


def test_a_result_that_is_too_large_is_permanent() -> None:
    outcome = failed(call("fails", {"how": "large"}))
    assert (outcome.transient, outcome.rule) == (False, "result too large")


def test_a_function_that_needs_too_much_memory_is_told_the_limit() -> None:
    python.configure(FunctionPool(modules=[MODULE], memory_limit_bytes=512 * 1024 * 1024))
    try:
        outcome = failed(call("allocates", {"size": 2**30}))
    finally:
        python.configure(FunctionPool(modules=[MODULE]))
    assert (outcome.transient, outcome.rule) == (False, "function raised MemoryError")
    assert "more than 512 MiB (STIGMER_MEMORY_BYTES)" in outcome.error.detail


def test_a_process_that_a_function_left_otherwise_is_replaced_and_the_log_says_so() -> None:
    first = call("where.child")
    outcome = call("moves.away")
    assert isinstance(outcome, Done)
    assert "left it otherwise than it was: working directory]" in outcome.log
    assert call("where.child") != first


def test_the_processes_of_one_owner_are_not_those_of_another() -> None:
    outcomes = [
        python.run({"function": "where.child"}, replace(context(), owner=owner)) for owner in "121"
    ]
    pids = [outcome.output for outcome in outcomes if isinstance(outcome, Done)]
    assert pids[0] == pids[2] != pids[1]


def test_arguments_that_do_not_fit_run_nothing() -> None:
    outcome = failed(call("shout", {"txt": "hey"}))
    assert (outcome.transient, outcome.effect_possible, outcome.rule) == (
        False,
        False,
        "arguments do not fit",
    )
    assert outcome.error.type.endswith("/validation")


def test_an_unknown_function_runs_nothing() -> None:
    outcome = failed(call("nope"))
    assert (outcome.transient, outcome.effect_possible) == (False, False)
    assert outcome.error.type.endswith("/configuration")


def test_an_attempt_that_overruns_its_deadline_is_killed_with_all_it_started(
    tmp_path: Path,
) -> None:
    call("where.child")  # a warm child: the deadline below counts the call
    path = tmp_path / "pids"
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(call, "sleeps", {"path": str(path)}, seconds=4)
        pids = written_pids(path)
        outcome = failed(running.result())
    assert (outcome.transient, outcome.rule) == (True, "attempt timed out")
    assert outcome.error.type.endswith("/timeout")
    until(lambda: not any(map(lives, pids)), what="the processes are gone")


def test_an_attempt_that_is_cancelled_is_killed(tmp_path: Path) -> None:
    path, cancellation = tmp_path / "pids", Cancellation()
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(call, "sleeps", {"path": str(path)}, cancellation=cancellation)
        pids = written_pids(path)
        cancellation.request()
        assert failed(running.result()).rule == "cancelled"
    until(lambda: not any(map(lives, pids)), what="the processes are gone")


def test_modules_that_cannot_be_loaded_in_a_child_are_named() -> None:
    python.configure(FunctionPool(modules=["no.such.module"]))
    try:
        outcome = failed(call("shout", {"text": "x"}))
    finally:
        python.configure(FunctionPool(modules=[MODULE]))
    assert (outcome.rule, outcome.effect_possible) == ("function modules cannot be loaded", False)
    assert "no.such.module" in outcome.error.detail


def written_pids(path: Path) -> list[int]:
    until(path.exists, what="the function runs")
    return [int(word) for word in path.read_text().split()]
