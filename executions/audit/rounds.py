"""Verifying the trail now and then: a batch each time, from where the last one stopped, and from
the beginning again once the end was reached. The findings are kept for health, metrics and pages.

They lie in the database beside the trail: they are as true as the trail itself.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime

import structlog
from django.db.models.functions import Now
from pydantic import BaseModel, ConfigDict, ValidationError

from executions import clock
from executions.audit import heads
from executions.audit.acknowledging import Acknowledged, acknowledgements, apart
from executions.audit.chain import How, Problem, end
from executions.audit.keys import KeyUnreadable
from executions.audit.verifying import MOST_PROBLEMS, Batch, Place, around, beginning, verify_batch
from executions.models import Turn

NAME = "audit check"
# About 25 ms each time, beside those who drive.
PER_SWEEP = 500
# A trail that is whole and does not grow is verified anew after so long.
REST_SECONDS = 55.0
log = structlog.get_logger(__name__)


class Round(BaseModel):
    """One pass over the trail, or what there is of it so far.

    No more than MOST_PROBLEMS are kept of ``number``.
    """

    model_config = ConfigDict(frozen=True)

    entries: int = 0
    number: int = 0
    problems: tuple[Problem, ...] = ()
    ended_at: datetime | None = None

    def with_batch(self, batch: Batch) -> Round:
        return Round(
            entries=self.entries + batch.entries,
            number=self.number + len(batch.problems),
            problems=(*self.problems, *batch.problems)[:MOST_PROBLEMS],
            ended_at=clock.now() if batch.is_last else None,
        )


class Findings(BaseModel):
    """``last`` is the latest whole round, ``this`` the one under way, which has come to entry
    ``id``.
    """

    model_config = ConfigDict(frozen=True)

    id: int = 0
    hash: str = ""
    key: str = ""
    this: Round = Round()
    last: Round = Round()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The faults as far as they are known."""
        return self.last.problems + _beside(self.this.problems, self.last.problems)

    @property
    def number(self) -> int:
        return max(self.this.number, self.last.number, len(self.problems))

    def with_batch(self, batch: Batch) -> Findings:
        this = self.this.with_batch(batch)
        if batch.is_last:
            return Findings(last=this)
        place = batch.place
        return Findings(id=place.id, hash=place.hash, key=place.key, this=this, last=self.last)


def go_on(most: int = PER_SWEEP) -> tuple[Problem, ...]:
    """Verify the next ``most`` entries and keep what was found; sign off the end of the trail.

    The new findings; they are logged too.
    """
    Turn.objects.get_or_create(name=NAME)
    kept, before = _kept()
    after = before.with_batch(_next(before, most))
    # Of two who came to the same place one has it.
    mine = Turn.objects.filter(pk=NAME, value=kept)
    if not mine.update(value=after.model_dump_json(), done_at=Now()):
        return ()
    new = _beside(after.problems, before.problems)
    for problem in new:
        log.error(
            "the audit trail is broken",
            entry=problem.entry,
            how=str(problem.how),
            detail=problem.detail,
        )
    return new


class Watcher:
    """The trail as one sweeper knows it: verified to its end and found whole, it rests until it
    grows, or for REST_SECONDS.
    """

    def __init__(self) -> None:
        self._whole_at = ""
        self._rests_until = 0.0

    def go_on(self, at: str) -> None:
        """The same as ``go_on``, unless the trail rests; ``at`` is where it ends now."""
        if at == self._whole_at and time.monotonic() < self._rests_until:
            return
        go_on()
        before = findings()
        is_whole = before.id == 0 and not before.problems
        self._whole_at = at
        self._rests_until = time.monotonic() + REST_SECONDS if is_whole else 0.0


def _next(before: Findings, most: int) -> Batch:
    """The next batch; with the last one, what is wrong beside the entries."""
    try:
        start = Place(before.id, before.hash, before.key) if before.id else beginning()
        batch = verify_batch(start, end(), most)
        if batch.is_last:
            beside = around() + heads.problems(newest_only=True)
            batch = replace(batch, problems=[*batch.problems, *beside])
            # Only once it was compared: what was cut off would be signed off as the end.
            heads.sign_off()
    except (KeyUnreadable, OSError) as problem:
        place = Place(before.id, before.hash, before.key)
        problem_of_key = Problem(
            entry=0, how=How.UNKNOWN_KEY, detail=str(problem), seen=str(problem)
        )
        return Batch(place, 0, [problem_of_key], is_last=True)
    return batch


def findings() -> Findings:
    """The findings of the rounds so far."""
    return _kept()[1]


def open_problems() -> tuple[list[Problem], list[Acknowledged]]:
    """Of what is known to be wrong, what nobody has looked into yet, and the rest."""
    problems = findings().problems
    return apart(problems, acknowledgements() if problems else {})


def _kept() -> tuple[str, Findings]:
    kept = Turn.objects.filter(pk=NAME).values_list("value", flat=True).first() or ""
    if not kept:
        return kept, Findings()
    try:
        return kept, Findings.model_validate_json(kept)
    except ValidationError as problem:
        log.warning(
            "what was kept of the audit check cannot be read; it begins anew", problem=str(problem)
        )
        return kept, Findings()


def _beside(some: tuple[Problem, ...], others: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Those that are not among the others."""
    identities = {problem.identity for problem in others}
    return tuple(problem for problem in some if problem.identity not in identities)
