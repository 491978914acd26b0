"""What is due is taken from the database: no bell and no sweep is needed for it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from executions.driving.suspended import LEAST_STEPS_OF_A_KEEPER
from executions.health.checks import State, check_oldest_due
from executions.models import Execution, Step
from executions.states import Phase
from tests.driving.texts import get, tasks
from tests.waiting import until

pytestmark = [pytest.mark.database, pytest.mark.processes]
# The sweep is done once as a worker starts and then no more; no bell is rung twice.
NO_SWEEP = {"STIGMER_SWEEP_SECONDS": 3600, "STIGMER_RING_AGAIN_SECONDS": 3600}
PATIENT = {"executions.calls.kind.ATTEMPT_SECONDS": 300}
SLEEPER = "do: [{a: {wait: {seconds: 1}}}, {b: {set: {n: 1}}}]"


def test_many_timers_that_end_at_one_moment_are_all_taken_at_once(worker, begin, ends):
    worker(turned=NO_SWEEP)
    executions = [begin(SLEEPER, name=f"w{number % 3}") for number in range(150)]
    for execution in executions:
        assert ends(execution, seconds=60).output == {"n": 1}
    early = Step.objects.filter(path="/a", finished_at__lt=F("started_at") + timedelta(seconds=1))
    assert not early.exists()


def test_runs_whose_bells_were_lost_begin_without_waiting_for_the_sweep(
    worker, begin, ends, redis_client
):
    executions = [begin("do: [{a: {set: {n: 1}}}]") for _ in range(20)]
    redis_client.flushall()
    worker(turned=NO_SWEEP)
    for execution in executions:
        ends(execution)
    more = [begin("do: [{a: {set: {n: 1}}}]") for _ in range(20)]
    redis_client.flushall()
    for execution in more:
        ends(execution)


def test_a_timer_of_a_process_that_died_is_kept_by_another(worker, begin, ends, redis_client):
    first = worker(turned=NO_SWEEP)
    execution = begin("do: [{a: {wait: {seconds: 3}}}, {b: {set: {n: 1}}}]")
    waiting = Execution.objects.filter(pk=execution.pk, phase=Phase.WAITING)
    until(waiting.exists, what="it waits")
    worker(turned=NO_SWEEP)
    first.kill()
    first.wait()
    assert ends(execution).output == {"n": 1}


def test_what_a_dead_process_left_is_taken_though_its_bell_is_lost(
    worker, begin, ends, gated, redis_client
):
    first = worker(turned=NO_SWEEP)
    execution = begin(tasks(a=get(f"{gated.url}/gated"), b="{set: {n: 2}}"))
    until(lambda: gated.inside == 1, what="the call is under way")
    first.kill()
    first.wait()
    # Rung for already, so that no sweep rings again; and the bell is lost.
    first_row = Execution.objects.get(pk=execution.pk).process
    assert first_row is not None and first_row.declare_dead("killed by SIGKILL")
    Execution.objects.filter(pk=execution.pk).update(rung_at=timezone.now() + timedelta(seconds=3))
    redis_client.flushall()
    gated.gate.set()
    worker(turned=NO_SWEEP)
    assert ends(execution).output == {"n": 2}


def test_the_remedy_that_readyz_names_for_what_waits_too_long_works(worker, begin, ends, gated):
    worker(STIGMER_SLOTS=1, turned=PATIENT)
    begin(tasks(a=get(f"{gated.url}/gated")))
    until(lambda: gated.inside == 1, what="the only slot of this owner is taken")
    others = [begin("do: [{a: {set: {n: 1}}}]") for _ in range(5)]
    Execution.objects.filter(pk__in=[each.pk for each in others]).update(
        wake_at=timezone.now() - timedelta(minutes=5)
    )
    found = check_oldest_due()
    assert found.state == State.WARNING
    assert "`stigmer worker`" in found.remedy
    # To the letter: one more of them.
    worker()
    for execution in others:
        ends(execution)
    assert check_oldest_due().state == State.OK
    gated.gate.set()


def test_those_of_one_owner_leave_a_slot_for_those_of_another(
    worker, begin, ends, gated, django_user_model
):
    from executions.intake.apply import apply_definition
    from executions.intake.start import start
    from tests.worker.conftest import HEAD

    worker(STIGMER_SLOTS=4, turned={**NO_SWEEP, **PATIENT})
    many = [begin(tasks(a=get(f"{gated.url}/gated"))) for _ in range(8)]
    until(lambda: gated.inside == 4, what="the owner of many holds what one may hold")
    bob = django_user_model.objects.create_user("bob")
    text = HEAD % "two" + "do: [{a: {wait: {seconds: 1}}}, {b: {set: {n: 1}}}]"
    ends(start(apply_definition(text, bob).workflow, bob, input={}))
    assert gated.most == 4
    gated.gate.set()
    for execution in many:
        ends(execution)


ROUNDS = LEAST_STEPS_OF_A_KEEPER // 2 + 10
LONG = f"""
do:
- loop:
    for: {{each: n, in: '${{ [range({ROUNDS})] }}'}}
    do: [{{a: {{set: {{n: '${{ $n }}'}}}}}}, {{b: {{set: {{n: '${{ $n }}'}}}}}}]
"""
CHILDREN = """
- many:
    for: {each: n, in: '${ [range(6)] }'}
    do: [{go: {run: {workflow: {namespace: tests, name: child}}}}]
- last: {set: {n: 1}}
"""


def test_children_of_a_long_run_wake_the_worker_that_keeps_its_walk(worker, begin, ends):
    begin("do: [{a: {set: {n: 1}}}]", name="child")
    # Nobody else may take it at all, and a busy machine must not make its keeper a dead one.
    turned = {
        **NO_SWEEP,
        "STIGMER_PROCESS_SILENCE_SECONDS": 60,
        "executions.models.claiming.KEEPER_SECONDS": 3600,
    }
    for _ in range(2):
        worker(turned=turned)
    execution = ends(begin(LONG + CHILDREN), seconds=60)
    assert execution.output == {"n": 1}


def test_a_long_run_whose_keeper_died_is_taken_by_another(worker, begin, ends):
    first = worker(turned=NO_SWEEP)
    execution = begin(LONG + "- pause: {wait: {seconds: 3}}\n- last: {set: {n: 1}}")
    kept = Execution.objects.filter(pk=execution.pk, phase=Phase.WAITING, kept_by__isnull=False)
    until(kept.exists, what="it waits, and its walk is kept")
    worker(turned=NO_SWEEP)
    first.kill()
    first.wait()
    assert ends(execution).output == {"n": 1}
