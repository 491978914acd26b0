"""One drive of one execution under one lease: what its parts share."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any, NoReturn

from django.conf import settings

from executions import sealed
from executions.agents.walking import AgentWalker
from executions.calls.python import step as python
from executions.driving import surroundings
from executions.driving.attempts.lost import why_lost
from executions.driving.attempts.running import Running
from executions.driving.boundary import Boundary
from executions.driving.family import Family
from executions.driving.lease import Held, load_records
from executions.driving.store import Store
from executions.driving.waking import wake_if_any_ended
from executions.journal.links import FIRST_FORMAT
from executions.journal.records import StepRecord
from executions.journal.replay import Journal
from executions.language.walking.walker import Walker
from executions.states import StepStatus

# Told when something that this process drove goes on.
Timer = Callable[[datetime], None]


class Parked(Exception):
    """A walk stands until a moment (None: without end) or until something arrives: its branch, or
    the execution, is let go of then.

    ``also`` is done in the transaction that lets go. ``take_back`` takes out of what has gathered
    what this was to begin, where something is asked before. ``in_line``: the key under which it
    waits for a process of functions. ``awaits``: the runs for whose ends it waits.
    """

    def __init__(
        self,
        until: datetime | None,
        waiting_for: str,
        *,
        also: Callable[[], None] | None = None,
        take_back: Callable[[], None] | None = None,
        in_line: tuple[uuid.UUID, ...] = (),
        awaits: tuple[uuid.UUID, ...] = (),
    ) -> None:
        super().__init__(waiting_for)
        self.until = until
        self.waiting_for = waiting_for
        self.also = also
        self.take_back = take_back
        self.in_line = in_line
        self.awaits = awaits


class Yielded(Exception):
    """This process stops: the execution goes back to the queue between two steps."""


class RolledBack(Exception):
    """The database took a transactional step back when the walk had gone on; ``begun`` is how it
    was before.
    """

    def __init__(self, begun: StepRecord) -> None:
        super().__init__(begun.path)
        self.begun = begun


def sooner(moment: datetime, limit: datetime | None) -> datetime:
    """The moment, unless a time limit comes before it."""
    return moment if limit is None else min(moment, limit)


class Drive:
    """``interrupted`` are calls that had begun when their process ended."""

    def __init__(
        self, held: Held, process_id: uuid.UUID, store: Store, running: Running, timer: Timer | None
    ) -> None:
        execution = held.execution
        self.execution = execution
        self.document, self.workflow = held.definition.document, held.definition.workflow
        self.secrets = surroundings.secrets_for(execution.pk, self.workflow, held.author)
        self.keeps_secrets_out = execution.journal_format != FIRST_FORMAT and bool(
            self.workflow.use.secrets
        )
        if self.keeps_secrets_out:
            surroundings.open_records(held.records, self.secrets)
        self.journal = Journal(
            held.records,
            head_digest=execution.head_digest,
            value_bytes=settings.STIGMER_VALUE_BYTES,
            max_steps=settings.STIGMER_MAX_STEPS,
            journal_format=execution.journal_format,
            seal=self.secrets.sealed if self.keeps_secrets_out else None,
        )
        self.interrupted = {record.id for record in held.records if record.may_be_under_way()}
        # Of those, attempts of this drive that a person had broken off.
        self.broken_off: set[uuid.UUID] = set()
        self.boundary = Boundary(held, self.journal, process_id, store)
        self.store = store
        self.running = running
        self.timer = timer
        self.token = held.token
        # Told of attempts that had begun when it was taken.
        self.why_lost = why_lost(held)
        self.columns_at_end: dict[str, Any] = {}
        self.walker: Walker | AgentWalker | None = None
        # Of the branches that are seen to at this moment; None where it is not several.
        self.family: Family | None = None

    def go_on(self, held: Held) -> None:
        """The walk of this drive goes on: this process has taken the run again, as it stood."""
        self.execution, self.token = held.execution, held.token
        self.secrets = surroundings.secrets_for(held.execution.pk, self.workflow, held.author)
        self.boundary = Boundary(held, self.journal, self.boundary.process_id, self.store)
        self.columns_at_end = {}
        self.show_progress()

    def show_progress(self) -> None:
        """Each boundary writes how far the walk has come."""
        walker = self.walker
        assert walker is not None
        self.boundary.progress = lambda: (walker.done, walker.total)

    @contextmanager
    def hurried(self) -> Iterator[None]:
        """The walk goes on while a transaction is open, so that it takes little time for foreign
        text.
        """
        assert self.walker is not None
        self.walker.hurry.is_on = True
        try:
            with sealed.hurried():
                yield
        finally:
            self.walker.hurry.is_on = False

    def records_of_now(self) -> list[StepRecord]:
        """The steps as they stand in the database, as this drive found them at its beginning."""
        records = self.store.call(partial(load_records, self.execution.pk))
        if self.keeps_secrets_out:
            surroundings.open_records(records, self.secrets)
        return records

    def wait(
        self,
        step: StepRecord,
        until: datetime | None,
        waiting_for: str,
        *,
        also: Callable[[], None] | None = None,
        take_back: Callable[[], None] | None = None,
        awaits: tuple[uuid.UUID, ...] = (),
    ) -> NoReturn:
        """The walk stands at this step and waits: raises :class:`Parked`."""
        step.enter(StepStatus.WAITING, wake_at=until, waiting_for=waiting_for)
        self.journal.pending[step.id] = step
        self.boundary.columns["current_step"] = step.path
        self.park(until, waiting_for, also=also, take_back=take_back, awaits=awaits)

    def park(
        self,
        until: datetime | None,
        waiting_for: str,
        *,
        also: Callable[[], None] | None = None,
        take_back: Callable[[], None] | None = None,
        awaits: tuple[uuid.UUID, ...] = (),
    ) -> NoReturn:
        """The walk stands here, and its step says so already: raises :class:`Parked`."""
        raise Parked(until, waiting_for, also=also, take_back=take_back, awaits=awaits)

    def let_go(self, parked: Parked, *, keeps_walk: bool) -> None:
        """Let go of the execution, as :meth:`Boundary.park` does; raises what was asked before."""
        if parked.awaits:
            self.boundary.gather(partial(wake_if_any_ended, self.execution, parked.awaits))
        try:
            self.boundary.park(
                parked.until,
                parked.waiting_for,
                keeps_walk=keeps_walk,
                also=parked.also,
                take_back=parked.take_back,
            )
        except BaseException:
            for key in parked.in_line:
                python.leave(key)
            raise
        for key in parked.in_line:
            python.park(key)
        if self.timer is not None and parked.until is not None:
            self.timer(parked.until)
