"""People, a workflow, an agent, and what is announced while a test runs."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import structlog
from django.contrib.auth.models import User
from django.db import connection
from structlog.testing import LogCapture

from executions import nudges
from executions.intake.agents import apply_agent
from executions.intake.apply import apply_definition
from executions.models import Agent, Workflow

WORKFLOW = """
document: {dsl: '1.0.0', namespace: tests, name: %s, version: '1.0.0'}
do:
- first: {set: {x: 1}}
- second: {set: {x: 2}}
"""
AGENT = "name: %s\ninstructions: Read the change and say what is wrong with it.\n"


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user("alice", "alice@example.org", "secret-alice")


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob", "bob@example.org", "secret-bob")


@pytest.fixture
def workflow(alice: User) -> Workflow:
    return apply_definition(WORKFLOW % "review-pr", alice).workflow


@pytest.fixture
def agent(alice: User) -> Agent:
    return apply_agent(AGENT % "pr-reviewer", alice).agent


@pytest.fixture
def announced() -> Iterator[list[dict[str, object]]]:
    """What this process tells the web processes."""
    heard: list[dict[str, object]] = []
    nudges.use_publisher(heard.append)
    yield heard
    nudges.use_publisher(None)


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    """Log records made meanwhile by the rooms of intake and recovery, as dictionaries, at every
    level.
    """
    capture, before = LogCapture(), structlog.get_config()
    everything = structlog.make_filtering_bound_logger(0)
    processors: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        capture,
    ]
    _forget_loggers()
    structlog.configure(
        wrapper_class=everything, cache_logger_on_first_use=False, processors=processors
    )
    yield capture.entries
    structlog.configure(**before)


def _forget_loggers() -> None:
    """A logger that was used before keeps the configuration of then."""
    for name, module in list(sys.modules.items()):
        if name.startswith(("executions.intake", "executions.recovery")) and hasattr(module, "log"):
            module.log.__dict__.pop("bind", None)


@pytest.fixture
def at_once() -> Callable[[int, Callable[[], Any]], list[Any]]:
    """``at_once(20, work)``: in that many threads, let loose together; what each returned or
    raised.
    """

    def run(count: int, work: Callable[[], Any]) -> list[Any]:
        together = threading.Barrier(count)

        def one() -> Any:
            together.wait()
            try:
                return work()
            except Exception as problem:
                return problem
            finally:
                connection.close()

        with ThreadPoolExecutor(count) as pool:
            return [future.result() for future in [pool.submit(one) for _ in range(count)]]

    return run
