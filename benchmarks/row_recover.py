"""The row about a person's recover of a run with a great many finished steps."""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

from tests.waiting import until

if TYPE_CHECKING:
    from benchmarks.rows import Bench, Figures
    from executions.models import Execution

STEPS, TURNS = 50_000, 3
STEPS_A_SECOND, START_SECONDS = 100, 60
LOOP = """\
- loop:
    for: {each: number, in: '${ [range(%d)] }'}
    do:
    - one: {set: {number: '${ $number }'}}
- full: {raise: {error: {type: 'https://example.org/full', status: 409, title: Full}}}
"""


def recover(bench: Bench) -> Figures:
    """The verb, which verifies every step before the run goes on; and from there until the run has
    come to the same failure again: a wake of a run with so many steps.
    """
    from executions.verbs.calls import carry_out
    from executions.verbs.rows import VERBS

    count = bench.many(STEPS)
    verbs: list[float] = []
    wakes: list[float] = []
    with bench.workers():
        run = bench.workflow("recover", LOOP % count).one()
        _failed(run, START_SECONDS + count / STEPS_A_SECOND)
        for _ in range(TURNS):
            began = time.perf_counter()
            carry_out(VERBS["recover"], run.pk, bench.work.owner, {})
            verbs.append(time.perf_counter() - began)
            _failed(run, START_SECONDS)
            wakes.append(time.perf_counter() - began - verbs[-1])
    return {
        "steps": run.steps.count(),
        "recover_s": round(median(verbs), 3),
        "failed_again_after_s": round(median(wakes), 3),
    }


def _failed(run: Execution, seconds: float) -> None:
    """Wait until it stands there failed; a recover that returned has taken it out of that."""
    from executions.models import Execution
    from executions.states import Phase

    rows = Execution.objects.filter(pk=run.pk, phase=Phase.FAILED)
    until(rows.exists, what="the run has failed", seconds=seconds)
