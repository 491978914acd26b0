"""Steps that emit events, and steps that wait for some.

The next boundary writes what a step emits or takes, and the step as well. A step that listens first
commits what it listens to and then looks for what came earlier; from then on a worker that finds a
new event offers it (:mod:`executions.inbound`).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from functools import partial
from typing import Any

from executions import clock
from executions.correlation.envelope import Envelope
from executions.dispatch import ring_after_commit
from executions.driving.drive import Drive
from executions.inbound import keeping, offers
from executions.journal.decided import Listening
from executions.language.walking.requests import Emit, Heard, Listen, Recall, Take
from executions.models import Execution
from executions.states import Phase, StepStatus, WaitingFor

# Events that are looked at in one go.
MOST_AT_ONCE = 100


def emit(drive: Drive, request: Emit) -> None:
    """Have the event kept with the step. It goes to others: without secrets."""
    envelope = drive.secrets.redact(request.envelope)
    drive.boundary.along.append(partial(_keep, envelope, drive.execution.owner_id))


def take(drive: Drive, request: Take) -> None:
    """Have it written which events the step took."""
    step, taken, passed = request.step, _keys(request.taken), _keys(request.passed)
    how = partial(offers.take, step.id, taken, passed, is_over=request.is_over)
    drive.boundary.along.append(how)
    drive.journal.pending[step.id] = step


def recall(drive: Drive, request: Recall) -> list[Envelope | None]:
    """The events that the step took before."""
    keys = _keys(request.events)
    bodies = drive.store.call(partial(offers.bodies, keys))
    return [bodies.get(key) for key in keys]


def hear(drive: Drive, request: Listen) -> list[Heard]:
    """The events that the step was offered; raises Parked where there is nothing to hear yet."""
    step = request.step
    if not Listening.of(step).looked:
        _begin(drive, request)
    # The events that were taken since the last boundary are still to be written.
    fresh = _keys([*request.known, *request.passed]) if drive.boundary.along else []
    waiting = drive.store.call(partial(offers.waiting, step.id, MOST_AT_ONCE, fresh))
    if waiting:
        return [Heard(offer.event_id.hex, offer.fits, offer.envelope) for offer in waiting]
    if request.deadline_at is not None and clock.now() >= request.deadline_at:
        return []
    also = partial(_wake_if_offered, drive.execution, step.id)
    drive.wait(step, request.deadline_at, WaitingFor.EVENT, also=also)


def _begin(drive: Drive, request: Listen) -> None:
    """Listen from now on, and look for what came before.

    In this order, each in a transaction of its own: an event that is kept in between is seen by one
    of the two at least. If this process ends in between, both are done again.
    """
    step = request.step
    step.enter(StepStatus.WAITING, waiting_for=WaitingFor.EVENT)
    drive.journal.pending[step.id] = step
    drive.boundary.columns["current_step"] = step.path

    register = partial(offers.register, drive.execution, step.id, request.filters)
    drive.boundary.commit(also=register)
    offers.look_back(
        drive.store.call,
        drive.execution,
        step.id,
        request.filters,
        request.known,
        only_first=request.needs_one,
    )
    Listening.of(step).looked = True
    drive.journal.pending[step.id] = step


def _wake_if_offered(execution: Execution, step_id: uuid.UUID) -> None:
    """Something may have been offered between the look at it and this transaction, which holds the
    row of the run now.
    """
    if offers.is_offered(step_id):
        waiting = Execution.objects.filter(pk=execution.pk, phase=Phase.WAITING)
        waiting.update(wake_at=clock.now(), rung_at=None)
        ring_after_commit(execution.pk, lambda: execution.queue, execution.owner_id)


def _keep(envelope: dict[str, Any], owner_id: int) -> None:
    keeping.keep([envelope], owner_id)


def _keys(events: Iterable[str]) -> list[uuid.UUID]:
    return [uuid.UUID(event) for event in events]
