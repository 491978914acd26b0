"""Walks of waiting runs that their worker keeps: they go on where they stand, and a run of which
anything changed meanwhile is walked from its journal.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models.functions import Now

from executions.driving import driver, lease
from executions.driving.attempts.running import Running
from executions.driving.chain import verify
from executions.driving.driver import advance
from executions.driving.store import Here
from executions.driving.suspended import LEAST_STEPS, Suspended, SuspendedWalks
from executions.models import Execution, Process, claiming
from executions.recovery import waiting
from executions.states import Phase
from executions.verbs.deciding.control import pause, resume
from tests.driving.attempts.test_listening import ORDER, event, post
from tests.driving.conftest import new_process

pytestmark = pytest.mark.database

ROUNDS = 20
POLLS = f"""
do:
- loop:
    for: {{each: number, in: '${{ [range({ROUNDS})] }}'}}
    do:
    - look: {{set: {{number: '${{ $number }}'}}}}
    - pause: {{wait: PT30S}}
- last: {{set: {{seen: '${{ .number }}'}}}}
"""
MANY = "\n".join(f"- step{number}: {{set: {{n: {number}}}}}" for number in range(LEAST_STEPS))
LISTENS = f"""
do:
{MANY}
- heard: {{listen: {{to: {ORDER}}}}}
- last: {{set: {{n: '${{ .[0].n }}'}}}}
"""
LIMITED = f"""
do:
{MANY}
- guarded:
    timeout: {{after: PT100S}}
    do: [{{long: {{wait: PT1H}}}}]
"""
Drive = Callable[[Execution, Running], Execution]


@pytest.fixture
def walked(monkeypatch: pytest.MonkeyPatch) -> list[uuid.UUID]:
    """The runs whose journal was read, each time that one was."""
    read: list[uuid.UUID] = []
    real = lease.load_records_of

    def load(ids: Any) -> Any:
        read.extend(ids)
        return real(ids)

    monkeypatch.setattr(lease, "load_records_of", load)
    return read


@pytest.fixture
def on(process: Process) -> Drive:
    """Drive as far as it goes, as the worker that has this ``running``."""

    def driven(execution: Execution, running: Running) -> Execution:
        while advance(execution.pk, process_id=process.pk, store=Here(), running=running):
            pass
        return Execution.objects.get(pk=execution.pk)

    return driven


def waited(execution: Execution, running: Running, on: Drive, later: Any, count: int) -> Execution:
    """The run after so many pauses."""
    execution = on(execution, running)
    for _ in range(count):
        later(31)
        execution = on(execution, running)
    return execution


def journal(execution: Execution) -> list[tuple[Any, ...]]:
    steps = execution.steps.standing().order_by("seq")
    return [(each.path, each.status, each.attempt, each.output, each.control) for each in steps]


def test_a_long_run_that_wakes_goes_on_without_reading_its_journal(begin, on, later, walked):
    running = Running()
    execution = waited(begin(POLLS), running, on, later, LEAST_STEPS)
    walked.clear()
    execution = waited(execution, running, on, later, 3)
    assert execution.phase == Phase.WAITING and not walked
    execution = waited(execution, running, on, later, ROUNDS)
    assert (execution.phase, execution.output) == (Phase.COMPLETED, {"seen": ROUNDS - 1})
    assert verify(execution) is None
    assert not walked and not len(running.walks)


def test_it_leaves_the_journal_that_a_walk_from_the_top_leaves(begin, on, later):
    kept = waited(begin(POLLS, name="kept"), Running(), on, later, ROUNDS + 1)
    other = begin(POLLS, name="other")
    for _ in range(ROUNDS + 2):
        later(31)
        other = on(other, Running())

    def said(execution: Execution) -> list[tuple[Any, ...]]:
        # Until when it waited differs.
        return [step[:4] for step in journal(execution)]

    assert kept.phase == other.phase == Phase.COMPLETED
    assert said(kept) == said(other) and verify(kept) is verify(other) is None


def test_what_a_person_decided_meanwhile_is_walked_from_the_journal(
    begin, on, later, walked, alice
):
    running = Running()
    execution = waited(begin(POLLS), running, on, later, LEAST_STEPS)
    pause(execution.pk, alice)
    resume(execution.pk, alice)
    walked.clear()
    execution = on(execution, running)
    assert walked == [execution.pk] and execution.phase == Phase.WAITING
    execution = waited(execution, running, on, later, ROUNDS)
    assert execution.output == {"seen": ROUNDS - 1} and verify(execution) is None


def test_what_another_worker_drove_meanwhile_is_walked_from_the_journal(begin, on, later, walked):
    one, other = Running(), Running()
    execution = waited(begin(POLLS), one, on, later, LEAST_STEPS)
    later(31)
    while advance(execution.pk, process_id=new_process().pk, store=Here(), running=other):
        pass
    walked.clear()
    later(31)
    execution = on(execution, one)
    assert walked == [execution.pk]
    execution = waited(execution, one, on, later, ROUNDS)
    assert execution.output == {"seen": ROUNDS - 1} and verify(execution) is None


def test_the_timer_of_a_long_run_is_left_to_the_worker_that_keeps_its_walk_for_a_moment(
    begin, on, later, process, monkeypatch
):
    monkeypatch.setattr(driver, "LEAST_STEPS_OF_A_KEEPER", LEAST_STEPS)
    running, other = Running(), uuid.uuid4()
    execution = waited(begin(POLLS), running, on, later, LEAST_STEPS)
    assert execution.kept_by == process.pk
    Execution.objects.filter(pk=execution.pk).update(wake_at=Now())
    monkeypatch.setattr(claiming, "KEEPER_SECONDS", 3600)
    assert not waiting.due(10, other)
    assert [each.execution_id for each in waiting.due(10, process.pk)] == [execution.pk]
    monkeypatch.setattr(claiming, "KEEPER_SECONDS", 0)
    assert [each.execution_id for each in waiting.due(10, other)] == [execution.pk]
    execution = waited(execution, running, on, later, ROUNDS)
    assert execution.phase == Phase.COMPLETED and execution.kept_by is None


def test_a_short_run_is_anybody_s(begin, on, later):
    execution = waited(begin(POLLS), Running(), on, later, LEAST_STEPS)
    assert execution.phase == Phase.WAITING and execution.kept_by is None


def test_a_run_that_a_person_decided_on_is_anybody_s(begin, on, later, alice, monkeypatch):
    monkeypatch.setattr(driver, "LEAST_STEPS_OF_A_KEEPER", LEAST_STEPS)
    execution = waited(begin(POLLS), Running(), on, later, LEAST_STEPS)
    assert execution.kept_by is not None
    pause(execution.pk, alice)
    resume(execution.pk, alice)
    assert Execution.objects.get(pk=execution.pk).kept_by is None


def test_a_run_that_hears_an_event_goes_on(begin, on, walked):
    running = Running()
    execution = on(begin(LISTENS), running)
    walked.clear()
    post(execution, event(data={"n": 7}))
    execution = on(execution, running)
    assert (execution.phase, execution.output) == (Phase.COMPLETED, {"n": 7})
    assert not walked and verify(execution) is None


def test_a_time_limit_holds_for_a_walk_that_goes_on(begin, on, later, walked):
    running = Running()
    execution = on(begin(LIMITED), running)
    walked.clear()
    later(101)
    execution = on(execution, running)
    assert execution.phase == Phase.FAILED and execution.error["status"] == 408
    assert not walked


def test_a_walk_that_waits_for_long_or_is_short_is_not_kept(begin, on):
    running = Running()
    on(begin(f"do:\n{MANY}\n- long: {{wait: PT1H}}", name="long"), running)
    on(begin("do:\n- short: {wait: PT1M}", name="short"), running)
    assert not len(running.walks)


def test_where_there_is_no_room_the_first_that_was_kept_goes(begin, on):
    running = Running()
    for name in ("one", "two", "three"):
        on(begin(f"do:\n{MANY}\n- pause: {{wait: PT1M}}", name=name), running)
    found = [running.walks.get(pk) for pk in Execution.objects.values_list("pk", flat=True)]
    walks = [each for each in found if each is not None]
    assert len(walks) == 3
    few = SuspendedWalks(room=sum(walk.weight for walk in walks[:2]) + 1)
    for number, walk in enumerate(walks):
        few.keep(key(number), walk)
    kept: list[Suspended | None] = [few.get(key(number)) for number in range(3)]
    assert kept == [None, *walks[1:]]


def key(number: int) -> uuid.UUID:
    return uuid.UUID(int=number)
