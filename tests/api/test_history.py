"""The history of an execution: one order, one state of the database, nothing lost between two
reads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, connections

from executions.api import history
from executions.api.live import frames as live_frames
from executions.api.live.frames import Update
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.live.news import Want
from executions.models import Execution
from executions.verbs.deciding import decisions
from tests.api.conftest import GOOD, HEAD

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]
MANY = """do:
- loop:
    for: {each: n, in: '${ [range(400)] }'}
    do:
    - one: {set: {n: '${ $n }'}}
"""


def _started(alice, tasks: str = GOOD) -> Execution:
    return start(apply_definition(HEAD % "told" + tasks, alice).workflow, alice, input={})


def _elsewhere(work: Callable[[], Any]) -> None:
    """Do it in another thread and wait for its end, as a worker beside the reader would."""
    problems: list[BaseException] = []

    def play() -> None:
        try:
            work()
        except BaseException as problem:
            problems.append(problem)
        finally:
            connections.close_all()

    thread = threading.Thread(target=play)
    thread.start()
    thread.join()
    assert not problems, problems


class Meanwhile:
    """Does ``work`` in another thread right before the reader's query number ``at``."""

    def __init__(self, at: int, work: Callable[[], Any]) -> None:
        self._at, self._work, self.queries = at, work, 0

    def __call__(self, execute, sql, params, many, context):
        if sql.startswith("SELECT"):
            self.queries += 1
            if self.queries == self._at:
                _elsewhere(self._work)
        return execute(sql, params, many, context)


@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_a_poller_misses_nothing_of_a_run_that_ends_between_its_queries(alice, drive, at):
    execution = _started(alice)
    with connection.execute_wrapper(Meanwhile(at, lambda: drive(execution))):
        first = history.entries(execution, 0, 100)
    second = history.entries(execution, first.head_seq, 100)
    whole = history.entries(execution, 0, 100)
    assert all(entry.seq <= first.head_seq for entry in first.items)
    assert [e for e in (*first.items, *second.items) if e.status != "RUNNING"] == whole.items
    assert {entry.path for entry in whole.items if entry.type == "step"} == {"/first", "/last"}


@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_a_message_never_tells_more_than_the_execution_that_it_holds(alice, drive, at):
    execution = _started(alice)
    with connection.execute_wrapper(Meanwhile(at, lambda: drive(execution))):
        frame, *_ = live_frames.first(execution.pk, None)
    has_completed = frame.body["execution"]["status"]["phase"] == "COMPLETED"
    assert has_completed == any(
        each["name"] == "WORKFLOW_COMPLETED" for each in frame.body["entries"]
    )
    assert all(each["seq"] <= frame.seq for each in frame.body["entries"])


def test_each_entry_has_a_sequence_of_its_own(failed, alice, drive):
    execution = failed()
    decisions.retry(execution.pk, alice)
    drive(execution)
    numbers = [entry.seq for entry in history.entries(execution, 0, 100).items]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("limit", [1, 2, 7])
def test_pages_of_any_size_hold_all_entries_once(failed, limit):
    execution = failed()
    found, after = [], 0
    while True:
        page = history.entries(execution, after, limit)
        found += page.items
        if page.next_after is None:
            break
        after = page.next_after
    assert found == history.entries(execution, 0, 100).items


def test_a_follower_gets_a_long_history_in_several_messages_and_the_end_last(
    alice, drive, monkeypatch
):
    monkeypatch.setattr(live_frames, "MOST_ENTRIES", 50)
    execution = _started(alice, MANY)
    seen = execution.head_seq
    done = drive(execution)
    told: list[int] = []
    frames: list[Update] = []
    cursor = seen
    while not frames or frames[-1].is_partial:
        frames.append(live_frames.since({execution.pk: Want(cursor)})[execution.pk])
        told += [each["seq"] for each in frames[-1].body["entries"]]
        cursor = frames[-1].seq
    assert [frame.event for frame in frames] == ["update"] * (len(frames) - 1) + ["end"]
    assert told == [entry.seq for entry in history.entries(done, seen, 10_000).items]
    assert len(told) > 400


def test_the_end_has_one_shape_and_the_whole_execution(alice, drive):
    execution = _started(alice)
    seen = execution.head_seq
    drive(execution)
    _, after_a_snapshot = live_frames.first(execution.pk, None)
    ends = [after_a_snapshot, live_frames.since({execution.pk: Want(seen)})[execution.pk]]
    assert [end.event for end in ends] == ["end", "end"]
    assert ends[0].body.keys() == ends[1].body.keys()
    assert [end.body["execution"]["status"]["output"] for end in ends] == [{"n": 2}, {"n": 2}]
