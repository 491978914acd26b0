"""The work that is measured: ten-step workflows, in a burst or one at a time."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max

from benchmarks.figures import moments
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import Execution, Process, Workflow
from executions.states import ENDED_PHASES, Phase
from tests.waiting import START_SECONDS, until

STEPS = 10
PATIENCE_SECONDS = 60
HEAD = "document: {dsl: '1.0.0', namespace: benchmarks, name: %s, version: '1.0.0'}\ndo:\n"
PATHS = "- step%d: {set: {n: '${ .n }', to: '${ $workflow.input.to }'}}\n"
EXPRESSIONS = "- step%d: {set: {n: '${ .n + 1 }', to: '${ $workflow.input.to }'}}\n"
STEP = "- step%d: {call: python, with: {function: bench.mark, arguments: {number: %d}}}\n"


@dataclass(frozen=True, slots=True)
class Load:
    """Who starts what."""

    workflow: Workflow
    owner: User
    input: dict[str, object] = field(default_factory=dict)

    @classmethod
    def prepared(cls) -> Load:
        owner = User.objects.create(username="bench")
        text = HEAD % "ten-steps" + "".join(
            STEP % (number, number) for number in range(1, STEPS + 1)
        )
        return cls(apply_definition(text, owner).workflow, owner)

    def of_sets(self, name: str, task: str) -> Load:
        """The same owner's load of ten `set` tasks, which are nothing but expressions."""
        text = HEAD % name + "".join(task % number for number in range(1, STEPS + 1))
        return Load(apply_definition(text, self.owner).workflow, self.owner, {"n": 0, "to": "ada"})

    def one(self) -> Execution:
        return start(self.workflow, self.owner, input=self.input)

    def burst(self, count: int) -> float:
        """Commit ``count`` executions at once, ring for each; seconds from that commit to the last
        one's end.
        """
        committed_at: list[float] = []
        with transaction.atomic():
            transaction.on_commit(lambda: committed_at.append(time.time()))
            started = [self.one().pk for _ in range(count)]
        return _ended_at(started) - committed_at[0]

    def stream(self, count: int) -> float:
        """Start ``count`` executions one after the other; seconds from the first start to the last
        one's end.
        """
        began = time.time()
        return _ended_at([self.one().pk for _ in range(count)]) - began

    def singly(self, count: int) -> tuple[list[float], list[list[float]]]:
        """One at a time on idle workers: seconds from commit to the first step, and the moments of
        each one's steps.
        """
        waits, steps = [], []
        for _ in range(count):
            execution = self.one()
            committed_at = time.time()
            _ended_at([execution.pk])
            times = moments([execution.pk])[execution.pk]
            waits.append(times[0] - committed_at)
            steps.append(times)
        return waits, steps


def wait_for_workers(count: int) -> None:
    until(
        lambda: Process.objects.living().workers().count() == count,
        what="the workers are there",
        seconds=START_SECONDS,
    )


def _ended_at(execution_ids: Sequence[uuid.UUID]) -> float:
    rows = Execution.objects.filter(pk__in=execution_ids)
    left = rows.exclude(phase__in=ENDED_PHASES)
    until(lambda: not left.exists(), what="everything has ended", seconds=PATIENCE_SECONDS)
    assert not rows.exclude(phase=Phase.COMPLETED).exists(), "an execution did not complete"
    last = rows.aggregate(last=Max("ended_at"))["last"]
    assert last is not None
    return float(last.timestamp())
