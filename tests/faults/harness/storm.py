"""A trial with real workers: executions of mixed shapes, something bad meanwhile, then quiet; and
all are judged.
"""

from __future__ import annotations

import random
import time
import urllib.request
from collections.abc import Callable
from functools import partial

from tests.faults.harness import oracle, work
from tests.faults.harness.results import Trial
from tests.faults.harness.rig import Child, Overdue, Rig
from tests.faults.harness.shapes import BY_NAME, SHAPES
from tests.faults.harness.workers import Workers

PATIENCE_SECONDS = 40.0
# Long enough that a kill often hits a call that is under way.
CALL_SECONDS = 0.08
MOST_TOLD = 50
# Makes something bad happen and gives how many interruptions of a call it may have caused.
Chaos = Callable[[random.Random], int]


def storm(
    rig: Rig,
    fault: str,
    seed: str,
    workers: Workers,
    chaos: Chaos,
    *,
    executions: int = 6,
    call_seconds: float = CALL_SECONDS,
    by_takeover: bool = False,
) -> Trial:
    """Everything random in it comes from ``seed``.

    Workers that end are replaced, as a supervisor does.

    ``by_takeover``: an execution was interrupted as often as it was taken over, not by each thing
    that happened.
    """
    trial = Trial(fault, seed)
    chance = random.Random(seed)
    began = time.monotonic()
    delay_answers(rig, call_seconds)
    names = {f"{seed}-{number}": chance.choice(SHAPES).name for number in range(executions)}
    started = rig.in_child(partial(work.start_many, list(names.items())))
    person = Child(partial(work.attend, started, names, PATIENCE_SECONDS))
    time.sleep(chance.uniform(0.0, 0.3))
    kills = chaos(chance)
    calm = time.monotonic()
    try:
        while person.is_running() and time.monotonic() - calm < PATIENCE_SECONDS + 20:
            workers.keep(2)
            time.sleep(0.05)
        stuck = person.result(0.1)
    except Overdue:
        stuck = sorted(started)
    trial.facts = {"kills": kills, "quiet_after": round(time.monotonic() - calm, 2)}
    for name in stuck:
        trial.violations += [
            f"{names[name]} {text}" for text in rig.in_child(partial(_where, started[name]))
        ]
    ended = {
        execution_id: names[name] for name, execution_id in started.items() if name not in stuck
    }
    takeovers, violations = rig.in_child(
        partial(_judged, ended, rig.ledger_url, None if by_takeover else kills)
    )
    trial.facts["takeovers"] = takeovers
    trial.violations += violations
    trial.seconds = round(time.monotonic() - began, 2)
    return trial


def _judged(shapes: dict[str, str], ledger_url: str, kills: int | None) -> tuple[int, list[str]]:
    """How often these executions (their shapes by id) were taken over from the dead, and all that
    is violated.
    """
    taken = {execution_id: oracle.takeovers(execution_id) for execution_id in shapes}
    found = [
        f"{shape} {text}"
        for execution_id, shape in shapes.items()
        for text in oracle.judge(
            execution_id,
            BY_NAME[shape],
            ledger_url,
            kills=taken[execution_id] if kills is None else kills,
        )
    ]
    return sum(taken.values()), found[:MOST_TOLD]


def delay_answers(rig: Rig, seconds: float) -> None:
    with urllib.request.urlopen(f"{rig.ledger_url}/delay?seconds={seconds}", timeout=10):
        pass


def _where(execution_id: str) -> list[str]:
    from executions.models import Execution

    names = (
        "phase",
        "waiting_for",
        "wake_at",
        "rung_at",
        "process__pid",
        "process__dead_at",
        "token",
        "failure_reason",
    )
    row = Execution.objects.values(*names).get(pk=execution_id)
    shown = {name: str(value) for name, value in row.items()}
    return [f"I1: not at rest: {shown}"]
