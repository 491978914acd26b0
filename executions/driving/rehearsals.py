"""Dry runs of workflows: walked with an input, nothing is called, waited for or written.

A call is answered as it was answered in an earlier run, where that came past the same step; the dry
run ends where nothing is known of what a call would answer.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User

from executions import clock
from executions.calls.outcome import Done, Fail
from executions.driving import surroundings
from executions.errors import StigmerError, WorkflowError
from executions.ids import uuid7
from executions.journal.records import StepRecord
from executions.journal.replay import Journal
from executions.language import Definition
from executions.language.walking.requests import (
    Completed,
    Effect,
    Ended,
    Fork,
    Joined,
    Listen,
    Park,
    Recall,
    Spawn,
    TaskFailed,
)
from executions.language.walking.walker import Walker
from executions.models import Execution
from executions.secrets import Secrets
from executions.states import StepStatus

MOST_STEPS = 500
MOST_SECONDS = 10.0
_NO_SECRETS = "a dry run reads no secrets"


@dataclass(frozen=True, slots=True)
class Walked:
    """One step of a dry run. ``is_known``: it was answered as in the earlier run; ``differs``: with
    other arguments than there.
    """

    path: str
    name: str
    kind: str
    status: str
    output: Any
    is_known: bool = False
    differs: bool = False


@dataclass(slots=True)
class Rehearsed:
    """``how`` is ``completes``, ``fails`` or ``stops``; ``says`` is why it fails or stops."""

    how: str = ""
    says: str = ""
    output: Any = None
    steps: list[Walked] = field(default_factory=list)


class _Stop(Exception):
    """Nothing is known of what would come now."""


def rehearse(
    parsed: Definition, run_input: Any, owner: User, recorded: Mapping[str, StepRecord]
) -> Rehearsed:
    """Walk a definition with the input ``run_input`` in the name of ``owner``.

    ``recorded`` are the steps of an earlier run by path. Its expressions are evaluated, which may
    take seconds: not inside a transaction.
    """
    return _Rehearsal(parsed, run_input, owner, recorded).run()


class _Rehearsal:
    def __init__(
        self, parsed: Definition, run_input: Any, owner: User, recorded: Mapping[str, StepRecord]
    ) -> None:
        self._recorded = recorded
        self._known: dict[str, bool] = {}
        self._now = clock.now()
        self._began = time.monotonic()
        run = Execution(id=uuid7(), owner=owner, input=run_input, started_at=self._now)
        reasons = dict.fromkeys(parsed.workflow.use.secrets, _NO_SECRETS)
        secrets = Secrets({}, run.pk.hex, reasons=reasons)
        facts = surroundings.facts_for(run, parsed.workflow, parsed.document, secrets)
        self._journal = Journal([], head_digest="", value_bytes=settings.STIGMER_VALUE_BYTES)
        self._walker = Walker(parsed.workflow, self._journal, facts, now=lambda: self._now)

    def run(self) -> Rehearsed:
        rehearsed = Rehearsed()
        try:
            ended: Ended = self._driven(self._walker.run(None))
        except _Stop as stop:
            rehearsed.how, rehearsed.says = "stops", str(stop)
        except StigmerError as problem:
            rehearsed.how, rehearsed.says = "fails", str(problem)
        else:
            if isinstance(ended, Completed):
                rehearsed.how, rehearsed.output = "completes", ended.output
            else:
                rehearsed.how, rehearsed.says = "fails", ended.error.detail or ended.error.type
        rehearsed.steps = [self._walked(step) for step in self._journal.steps.values()]
        return rehearsed

    def _walked(self, step: StepRecord) -> Walked:
        differs = self._known.get(step.path)
        status = step.status if step.is_finished() else ""
        return Walked(
            step.path,
            step.name,
            step.kind,
            status,
            step.output,
            is_known=differs is not None,
            differs=bool(differs),
        )

    def _driven(self, walk: Generator[Any, Any, Any]) -> Any:
        """The result of a walk, or of a branch of it."""
        answer: Any = None
        while True:
            self._check_length()
            try:
                asked = walk.send(answer)
            except StopIteration as stop:
                return stop.value
            answer = None
            if isinstance(asked, Effect | Spawn):
                answer = self._answer(asked)
            elif isinstance(asked, Fork):
                answer = self._joined(asked)
            elif isinstance(asked, Listen | Recall):
                raise _Stop(f"{asked.step.name} would wait for an event here.")
            elif isinstance(asked, Park):
                self._now = max(self._now, asked.until)

    def _check_length(self) -> None:
        if time.monotonic() - self._began > MOST_SECONDS:
            raise _Stop(f"A dry run takes no longer than {MOST_SECONDS:g} seconds.")
        if len(self._journal.steps) >= MOST_STEPS:
            raise _Stop(f"A dry run goes no further than {MOST_STEPS} steps.")

    def _joined(self, fork: Fork) -> Joined:
        """Branches one after another; each begins when the fork began."""
        joined, began, latest = Joined(), self._now, self._now
        for place, branch in enumerate(fork.branches):
            self._now = began
            try:
                joined.results[place] = self._driven(branch.begin())
            except TaskFailed as failure:
                joined.failures[place] = failure
            latest = max(latest, self._now)
            if fork.compete and place in joined.results:
                joined.winner = place
                break
        self._now = latest
        return joined

    def _answer(self, asked: Effect | Spawn) -> Done | Fail:
        step = asked.step
        recorded = self._recorded.get(step.path)
        if recorded is None or not recorded.is_finished() or recorded.kind != step.kind:
            what = "start another run" if isinstance(asked, Spawn) else f"call {asked.call}"
            raise _Stop(
                f"{step.name} would {what} here. No earlier run tells what it would answer."
            )
        self._known[step.path] = recorded.arguments != step.arguments
        self._now = self._later(recorded)
        if recorded.status != StepStatus.FAILED:
            return Done(recorded.output)
        error = WorkflowError(**(recorded.error or {"type": "", "status": 500}))
        return Fail(error, transient=False, rule="as recorded")

    def _later(self, recorded: StepRecord) -> datetime:
        """When its answer would be there, had it taken as long as in the earlier run."""
        if recorded.started_at is None or recorded.finished_at is None:
            return self._now
        return self._now + (recorded.finished_at - recorded.started_at)
