"""F11: many executions that can only fail, some of which end the process that drives them, beside
healthy ones.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

from tests.faults.harness.results import Trial
from tests.faults.harness.rig import Child, Overdue, Rig
from tests.faults.harness.workers import Workers, crew

FAULT = "F11"
POISON, KILLERS, HEALTHY = 10_000, 200, 100
PATIENCE_SECONDS = 1800.0
KINDS = {
    "raises": (
        "do:\n- a: {raise: {error: {type: 'https://example.org/x', status: 400, title: No}}}\n"
    ),
    "misread": "do:\n- a: {set: {n: '${ .a.b | tonumber }'}}\n",
    "loops": "do:\n- a: {set: {n: '${ [range(1000000000)] | length }'}}\n",
    "swells": "do:\n- a: {set: {n: '${ [range(400000)] | tostring }'}}\n",
    "kills": "do:\n- a: {call: python, with: {function: faults.kill_worker}}\n",
    "healthy": (
        "do:\n- a: {set: {n: 1}}\n- b: {wait: {milliseconds: 50}}\n- c: {set: {n: '${ .n + 1 }'}}\n"
    ),
}
LOOPS = 20
LOOK_SECONDS = 2.0


def trials(rig: Rig, done: set[str]) -> Iterator[Trial]:
    """One run; the numbers may be made smaller by STIGMER_TEST_POISON=poison,killers,healthy, which
    its seed names.
    """
    asked = os.environ.get("STIGMER_TEST_POISON", f"{POISON},{KILLERS},{HEALTHY}")
    poison, killers, healthy = (int(number) for number in asked.split(","))
    seed = f"{rig.database}:{poison}:{killers}:{healthy}"
    if seed in done:
        return
    os.environ["STIGMER_TEST_CRASH_LIMIT"] = "5"
    # How long others wait is measured, so the workers run with the product's own slots and waits.
    os.environ["STIGMER_TEST_UNHURRIED"] = "1"
    rig.in_child(_apply)
    with crew(rig) as (workers, _):
        yield _trial(rig, seed, workers, poison, killers, healthy)


def _trial(rig: Rig, seed: str, workers: Workers, poison: int, killers: int, healthy: int) -> Trial:
    began, chance = time.monotonic(), random.Random(seed)
    alone = _until_at_rest(rig, workers, ["healthy"] * healthy, f"{seed}/alone")
    kinds = ["kills"] * killers + ["loops"] * min(LOOPS, poison - killers)
    kinds += [chance.choice(["raises", "misread", "swells"]) for _ in range(poison - len(kinds))]
    chance.shuffle(kinds)
    places = sorted(chance.sample(range(len(kinds) + 1), min(healthy, len(kinds))), reverse=True)
    for place in places:
        kinds.insert(place, "healthy")
    among = _until_at_rest(rig, workers, kinds, f"{seed}/among")
    trial = Trial(FAULT, seed, poison, round(time.monotonic() - began, 1))
    trial.facts = {"alone": alone, "among": among, "worker_restarts": workers.started - 2}
    trial.violations = [f"I1: {text}" for text in (*alone["wrong"], *among["wrong"])][:20]
    if among["healthy_p95"] > 2 * alone["healthy_p95"]:
        text = (
            f"I7: healthy p95 {among['healthy_p95']} s beside poison, {alone['healthy_p95']} s"
            " alone"
        )
        trial.violations.append(text)
    return trial


def _until_at_rest(rig: Rig, workers: Workers, kinds: list[str], name: str) -> dict[str, Any]:
    """Start them all, keep two workers alive, and look how each ended."""
    starting = Child(partial(_start, kinds, name))
    deadline = time.monotonic() + PATIENCE_SECONDS
    with workers.kept(2):
        while starting.is_running() or rig.in_child(partial(_left, name)):
            if time.monotonic() > deadline:
                raise Overdue("the batch did not come to rest")
            time.sleep(LOOK_SECONDS)
    verdict: dict[str, Any] = rig.in_child(partial(_look, name))
    return verdict


def _apply() -> None:
    from django.contrib.auth.models import User

    from executions.intake.apply import apply_definition

    for kind, tasks in KINDS.items():
        head = f"document: {{dsl: '1.0.0', namespace: faults, name: {kind}, version: '1.0.0'}}\n"
        apply_definition(head + tasks, User.objects.get(username="ann"))


def _start(kinds: list[str], name: str) -> None:
    from django.contrib.auth.models import User

    from executions.intake.start import start
    from executions.models import Workflow

    ann = User.objects.get(username="ann")
    ben, _ = User.objects.get_or_create(username="ben")
    workflows = {kind: Workflow.objects.get(slug=kind) for kind in KINDS}
    for number, kind in enumerate(kinds):
        owner = ann if kind == "healthy" else ben
        start(workflows[kind], owner, input={"a": {"b": "x"}}, name=f"{name}/{number}")


def _left(name: str) -> int:
    from executions.models import Execution

    return (
        Execution.objects.filter(name__startswith=name)
        .exclude(phase__in=("COMPLETED", "FAILED"))
        .count()
    )


def _look(name: str) -> dict[str, Any]:
    from executions.models import Execution

    rows = Execution.objects.filter(name__startswith=name).select_related("workflow")
    times, starts, wrong, causes = list[float](), list[float](), list[str](), dict[str, int]()
    for row in rows.iterator():
        kind = row.workflow.slug if row.workflow else ""
        if kind == "healthy":
            assert row.ended_at is not None and row.started_at is not None
            starts.append((row.started_at - row.created_at).total_seconds())
            times.append((row.ended_at - row.created_at).total_seconds())
        if (row.phase == "COMPLETED") != (kind == "healthy"):
            wrong.append(f"a {kind} execution is {row.phase}")
        elif row.phase == "FAILED" and not row.failure_reason:
            wrong.append(f"a {kind} execution failed without a reason")
        causes[f"{kind} {row.phase}"] = causes.get(f"{kind} {row.phase}", 0) + 1
    facts = {
        "healthy_p50": _share(times, 0.5),
        "healthy_p95": _share(times, 0.95),
        "slowest": _share(times, 1),
    }
    return {**facts, "begins_p95": _share(starts, 0.95), "wrong": wrong[:20], "ends": causes}


def _share(seconds: list[float], share: float) -> float:
    """The time within which this share of them was done."""
    return round(sorted(seconds)[max(0, int(len(seconds) * share) - 1)], 3) if seconds else 0.0
