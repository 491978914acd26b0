"""Rows about runs that wait and wake: whether a wake costs more as the journal grows."""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.one import cpu_seconds
from tests.waiting import until

if TYPE_CHECKING:
    from benchmarks.rows import Bench, Figures
    from executions.models import Execution

POLLS = """\
- loop:
    for: {each: number, in: '${ [range(%d)] }'}
    do:
    - look: {set: {number: '${ $number }'}}
    - pause: {wait: {milliseconds: 10}}
"""
LOOP = """\
- loop:
    for: {each: number, in: '${ [range(%d)] }'}
    do:
    - one: {set: {number: '${ $number }'}}
"""
PAUSES = "".join(
    f"- pause{number}: {{wait: {{seconds: 2}}}}\n"
    f"- woke{number}: {{call: python, with: {{function: bench.mark}}}}\n"
    for number in range(3)
)
FEW = 10
EACH = 100
STEPS_A_SECOND, START_SECONDS = 100, 60


def polls(bench: Bench) -> Figures:
    """Processor time of the workers for the last hundred wakes of one run over the first hundred;
    a run that takes too long is measured as far as it came.
    """
    work = bench.workflow("polls", POLLS % bench.polls)
    with bench.workers() as pids:
        execution = work.one()
        began, seen = time.monotonic(), [(0, cpu_seconds(pids))]
        while seen[-1][0] < bench.polls and time.monotonic() - began < bench.seconds:
            time.sleep(0.05)
            seen.append((_woken(execution), cpu_seconds(pids)))
    # The first wakes come before what is loaded once is loaded.
    first = _between(seen, 20, 20 + EACH)
    last = _between(seen, seen[-1][0] - EACH, seen[-1][0])
    return {
        "wakes": seen[-1][0],
        "first_cpu_ms": round(first * 1000, 2),
        "last_cpu_ms": round(last * 1000, 2),
        "last_by_first": round(last / first, 2),
    }


def _woken(execution: Execution) -> int:
    """How many pauses of a run are over."""
    return execution.steps.filter(kind="wait").exclude(finished_at=None).count()


def _between(seen: list[tuple[int, float]], begin: int, end: int) -> float:
    """Processor time for a wake, from the look nearest to one number to that nearest to another."""
    from_count, from_cpu = min(seen, key=lambda each: abs(each[0] - begin))
    to_count, to_cpu = min(seen, key=lambda each: abs(each[0] - end))
    return (to_cpu - from_cpu) / max(1, to_count - from_count)


def wake(bench: Bench) -> Figures:
    """From the moment at which a run is due to its next step, with few and with many steps done."""
    with bench.workers():
        few, _ = _late(bench, FEW)
        many, steps = _late(bench, bench.steps)
    return {
        "steps": steps,
        "few_ms": round(few * 1000, 2),
        "many_ms": round(many * 1000, 2),
        "many_by_few": round(many / few, 2),
    }


def _late(bench: Bench, count: int) -> tuple[float, int]:
    """Seconds from due to the next step, the median of three; and how many steps were recorded."""
    from benchmarks.figures import moments
    from executions.journal import decided
    from executions.models import Execution
    from executions.states import ENDED_PHASES, Phase

    execution = bench.workflow(f"wake-{count}", LOOP % count + PAUSES).one()
    until(
        lambda: Execution.objects.filter(pk=execution.pk, phase__in=ENDED_PHASES).exists(),
        what="the run has ended",
        seconds=START_SECONDS + count / STEPS_A_SECOND,
    )
    execution.refresh_from_db()
    assert execution.phase == Phase.COMPLETED, execution.error
    pauses = execution.steps.filter(kind="wait").order_by("finished_at")
    due = [decided.Wait.of(each).until for each in pauses]
    woke = moments([execution.pk])[execution.pk]
    late = [at - moment.timestamp() for at, moment in zip(woke, due, strict=True) if moment]
    return median(late), execution.steps.count()
