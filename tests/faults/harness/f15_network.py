"""F15: the other side of a call misbehaves: errors, resets, silence, half an answer.

The retry policy is kept.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from tests.calls.http.faults import FaultServer, Seen
from tests.faults.harness import work
from tests.faults.harness.results import Trial
from tests.faults.harness.rig import Rig
from tests.faults.harness.settings_seconds import RETRY_DELAYS

FAULT = "F15"
TRIALS = 50
HEAD = "document: {dsl: '1.0.0', namespace: faults, name: network, version: '1.0.0'}\n"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A path of the fault server; whether its failure is transient; how long an answer says to
    wait.
    """

    path: str
    transient: bool
    wait_seconds: float | None = None


BEHAVIOURS = [
    *(Behaviour(f"status/{code}", True) for code in (500, 502, 503, 504, 408, 429)),
    *(Behaviour(f"status/{code}", False) for code in (400, 401, 403, 404, 409, 422)),
    Behaviour("status/429/1", True, 1.0),
    Behaviour("status/503/1", True, 1.0),
    Behaviour("reset", True),
    Behaviour("drop", True),
    Behaviour("truncated", True),
    Behaviour("hang", True),
]


def trials(rig: Rig, done: set[str]) -> Iterator[Trial]:
    for number in range(TRIALS):
        chance = random.Random(f"{rig.database}:{number}")
        behaviour = BEHAVIOURS[number % len(BEHAVIOURS)]
        effect = chance.choice(["idempotent", "at_most_once"])
        seed = f"{rig.database}:{number}:{behaviour.path}:{effect}"
        if seed not in done:
            began = time.monotonic()
            violations = rig.in_child(partial(_trial, seed, behaviour, effect), seconds=60)
            yield Trial(FAULT, seed, 1, round(time.monotonic() - began, 2), violations)


def _trial(name: str, behaviour: Behaviour, effect: str) -> list[str]:
    from django.contrib.auth.models import User

    from executions.intake.apply import apply_definition
    from executions.intake.start import start
    from executions.models import Attempt, Execution

    with FaultServer() as server:
        limit = 300 if behaviour.path == "hang" else 10_000
        task = (
            "do:\n- call: {call: http, with: {method: post, endpoint:"
            f" '{server.url}/{behaviour.path}', body: {{a: 1}}}}, metadata: {{effect: {effect},"
            f" attemptTimeout: {{milliseconds: {limit}}}}}}}\n"
        )
        work.deaf_doorbell()
        ann = User.objects.get(username="ann")
        execution = start(apply_definition(HEAD + task, ann).workflow, ann, input={}, name=name)
        at_rest = Execution.objects.filter(
            pk=execution.pk, phase="FAILED"
        ) | Execution.objects.filter(pk=execution.pk, waiting_for="decision")
        work.drive_until(str(execution.pk), at_rest.exists)
        execution.refresh_from_db()
        seen = list(server.seen)
        rows = Attempt.objects.filter(step__execution=execution).order_by("number")
        delays = list(rows.values_list("delay_seconds", flat=True))
    return [
        *_requests(seen, behaviour, effect),
        *_delays(delays, behaviour, effect),
        *_end(execution.phase, behaviour, effect),
    ]


def _requests(seen: list[Seen], behaviour: Behaviour, effect: str) -> Iterator[str]:
    expected = 1 + len(RETRY_DELAYS) if behaviour.transient and effect == "idempotent" else 1
    if len(seen) != expected:
        yield f"I4: {len(seen)} requests were sent, not {expected}"
    keys = {request.headers.get("idempotency-key") for request in seen}
    if len(keys) != 1 or None in keys:
        yield f"I4: they carried the keys {keys}"


def _delays(delays: list[float | None], behaviour: Behaviour, effect: str) -> Iterator[str]:
    if not behaviour.transient or effect != "idempotent":
        return
    expected = [max(delay, behaviour.wait_seconds or 0.0) for delay in RETRY_DELAYS]
    if [delay for delay in delays if delay is not None] != expected:
        yield f"I4: the delays were {delays}, not {expected}"


def _end(phase: str, behaviour: Behaviour, effect: str) -> Iterator[str]:
    expected = "WAITING" if behaviour.transient and effect == "at_most_once" else "FAILED"
    if phase != expected:
        yield f"I1: it is {phase}, not {expected}"
