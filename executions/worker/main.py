"""The life of a worker process: register, listen, beat, sweep; on a signal drain and leave nothing
held.
"""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError, Error, close_old_connections, connection
from django.db.models import Q
from django.db.models.functions import Now
from redis.exceptions import RedisError

from executions import collector, sealed, streams
from executions.calls import steps
from executions.dispatch import QUEUE_OFF
from executions.driving.attempts.running import Running
from executions.driving.driver import advance, drive_held
from executions.live import broadcast
from executions.models import Execution, Process
from executions.models.passing import trouble
from executions.models.transactions import run_tx
from executions.recovery.boot import note_start
from executions.recovery.registration import register_when_possible, resign
from executions.recovery.sweep import Sweeper
from executions.streams import asking
from executions.supervisor import systemd
from executions.worker.asked import Asked
from executions.worker.bulker import Bulker
from executions.worker.caretaker import Caretaker
from executions.worker.children import use_children
from executions.worker.doorbell import Doorbell
from executions.worker.drain import Drain
from executions.worker.fork_server import Pipes
from executions.worker.glance import BULK, CHANNELS, EVENTS, SCHEDULES, WORKSPACES, Glance
from executions.worker.keeper import Keeper
from executions.worker.matcher import Matcher
from executions.worker.moments import Moments
from executions.worker.pulse import Pulse
from executions.worker.scheduler import Scheduler
from executions.worker.sender import Sender
from executions.worker.siblings import Siblings
from executions.worker.signals import on_signal
from executions.worker.slots import Slots
from executions.worker.solo import Solo
from executions.worker.surroundings import tell_in_a_moment
from executions.worker.taker import Taker
from executions.worker.turns import Turns
from executions.worker.writers import writers
from stigmer_site.sqlite.files import checkpoint_at_the_end

ABANDON_SECONDS = 2.0
log = structlog.get_logger(__name__)


def main(fork_server: Pipes) -> int:
    """Run until SIGTERM or SIGINT.

    Exit code 0 after a clean end, 1 where others had declared this process dead.
    """
    stop = threading.Event()
    on_signal(stop)
    use_children()
    process = register_when_possible("worker", stop, slots=settings.STIGMER_SLOTS)
    if process is None:
        return 0
    log.info(
        "worker started",
        pid=process.pid,
        slots=process.slots,
        queue="on" if settings.STIGMER_QUEUE else "off",
    )
    if not settings.STIGMER_QUEUE:
        log.warning(
            f"{QUEUE_OFF}: new runs are refused; this worker drives what was accepted before"
        )
    systemd.ready()
    _note_start(process)
    tell_in_a_moment(process)
    # A thread that only listens from now on must keep no connection of the few from those who
    # drive.
    close_old_connections()
    broadcast.start()
    store, running, moments, solo = writers(), Running(), Moments(), Solo(fork_server, stop.set)
    how: dict[str, Any] = {"process_id": process.pk, "store": store, "running": running}
    how["timer"] = moments.expect
    slots = Slots(settings.STIGMER_SLOTS, partial(_drive, partial(advance, **how), solo))
    running.places = slots
    drive_taken = partial(drive_held, **how)
    glance = Glance(process.pk)
    taker = Taker(process.pk, store, slots, running, solo, drive_taken, moments, glance)
    turns = Turns(process.pk, slots, drive_taken)
    matcher = Matcher(process.pk, store, partial(glance.may_be, EVENTS))
    sender = Sender(process.pk, store, partial(glance.may_be, CHANNELS))
    drain = Drain(slots, solo, turns, taker)
    pulse = Pulse(process, running, stop.set, drain.switch, glance.may_be)
    sweeper = Sweeper(process)
    bulker = Bulker(process.pk, partial(glance.may_be, BULK))
    siblings = Siblings(process, sweeper.hurry)
    keeper = Keeper(process)
    caretaker = Caretaker(partial(glance.may_be, WORKSPACES))
    scheduler = Scheduler(partial(glance.may_be, *SCHEDULES))
    asked = Asked(process.pk, taker.look)
    collector.settle()
    try:
        Doorbell(slots, stop, taker.look, matcher.look).listen()
    finally:
        running.stopping.set()
        log.info("worker stops", driving=len(running.tokens()))
        siblings.close()
        asked.close()
        scheduler.close()
        bulker.close()
        taker.stop()
        matcher.stop()
        sender.stop()
        sweeper.close()
        keeper.close()
        caretaker.close()
        turns.close()
        drained = slots.drain(settings.STIGMER_DRAIN_SECONDS)
        solo.close()
        # The pulse first: a beat after signing off would take the process for one that others
        # declared dead.
        pulse.close()
        left = _resigned(process)
        store.close()
        taker.join()
        matcher.join()
        sender.join()
        # Nothing of theirs is written any more, so that what still runs can be broken off.
        running.cancel_all()
        steps.close()
        streams.close()
        sealed.close()
        broadcast.stop()
        checkpoint_at_the_end()
        log.info("worker stopped", left_to_others=left)
        if not drained and not slots.drain(ABANDON_SECONDS):
            log.warning("steps that cannot be broken off end with this process")
            os._exit(1 if pulse.is_dead else 0)
    return 1 if pulse.is_dead else 0


def _note_start(process: Process) -> None:
    """The record is worth a few tries, and not the worker."""
    try:
        run_tx(partial(note_start, process))
    except DatabaseError as problem:
        connection.close()
        log.warning("no record of this start is kept", problem=str(problem).strip())


def _resigned(process: Process) -> int | None:
    """How many executions are left to others; None where the database did not hear of it: its
    silence will tell.
    """
    try:
        return resign(process)
    except DatabaseError as problem:
        log.warning("could not sign off", problem=str(problem).strip())
        return None


def _drive(drive: Callable[[uuid.UUID], bool], solo: Solo, execution_id: uuid.UUID) -> None:
    """Drive it here, or have it driven by a process of its own where it has to be alone, or by the
    one that keeps its walk.

    If somebody has locked it, its slot is given to others; the taker looks again in a moment.
    """
    try:
        if drive(execution_id):
            return
        execution = run_tx(
            Execution.objects.filter(pk=execution_id)
            .filter(Q(alone=True) | Q(kept_by__isnull=False, wake_at__lte=Now()))
            .only("owner_id", "current_step", "kept_by")
            .first
        )
    except Error as problem:
        if trouble(problem) is None:
            raise
        return
    if execution is not None and execution.kept_by is not None:
        _hurry(execution.kept_by)
    elif execution is not None:
        # One that was in the middle of a call is the likelier culprit: the sooner that is known,
        # the better for all.
        solo.take(execution_id, execution.owner_id, first=bool(execution.current_step))


def _hurry(process_id: uuid.UUID) -> None:
    """This bell was for the process that keeps the walk of the run."""
    try:
        asking.hurry(process_id)
    except RedisError as problem:
        log.info("who keeps a walk looks each second", problem=str(problem))
