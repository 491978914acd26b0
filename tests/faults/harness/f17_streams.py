"""F17: a worker is ended by SIGKILL in the middle of an answer that a model is streaming, several
times in the life of one run of an agent.
"""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from tests.faults.harness import agents, oracle, work
from tests.faults.harness.agents import AGENT
from tests.faults.harness.results import Trial
from tests.faults.harness.rig import Child, Overdue, Rig

FAULT = "F17"
TRIALS, KILLS_EACH = 34, 3
SHAPE = replace(AGENT, rate=20.0)
# An answer of fifteen pieces takes longer than this.
LONGEST_LOOK_SECONDS = 0.6
PATIENCE_SECONDS = 60.0


def trials(rig: Rig, done: set[str]) -> Iterator[Trial]:
    rig.in_child(partial(work.apply, [SHAPE], rig.ledger_url))
    for number in range(TRIALS):
        seed = f"{rig.database}:{number}"
        if seed not in done:
            yield _trial(rig, seed)


def _trial(rig: Rig, seed: str) -> Trial:
    began, chance, trial = time.monotonic(), random.Random(seed), Trial(FAULT, seed)
    try:
        execution_id = rig.in_child(partial(_start, seed))
        kills = sum(_killed(seed, execution_id, chance) for _ in range(KILLS_EACH))
        trial.count, trial.facts = kills, {"kills": kills}
        trial.violations = rig.in_child(
            partial(_finish_and_judge, rig, execution_id, kills), seconds=60
        )
    except Overdue as problem:
        trial.violations = [f"I1: {problem}"]
    trial.facts["in the middle"] = sum(not entry["in_full"] for entry in agents.entries(seed))
    trial.seconds = round(time.monotonic() - began, 3)
    return trial


def _start(name: str) -> str:
    work.deaf_doorbell()
    return work.start(SHAPE, name)


def _killed(name: str, execution_id: str, chance: random.Random) -> int:
    """How many workers were ended: one, or none where the run came to its end before."""
    seen = len(agents.entries(name))
    worker = Child(partial(work.finish, execution_id, SHAPE))
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(agents.entries(name)) == seen and worker.is_running():
        if time.monotonic() > deadline:
            break
        time.sleep(0.01)
    time.sleep(chance.uniform(0.0, LONGEST_LOOK_SECONDS))
    worker.signal(signal.SIGKILL)
    return int(worker.result() is None)


def _finish_and_judge(rig: Rig, execution_id: str, kills: int) -> list[str]:
    work.finish(execution_id, SHAPE)
    return oracle.judge(execution_id, SHAPE, rig.ledger_url, kills=kills)
