"""What the forked children do: start executions, be a worker of one thread, be the person who
presses a button.
"""

from __future__ import annotations

import time
import uuid
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from tests.faults.harness import agents
from tests.faults.harness.agents import AgentShape
from tests.faults.harness.shapes import Shape

LOOK_SECONDS = 0.002
# Seldom, so that an undisturbed trial has the same points each time.
BEAT_SECONDS = 0.7


def load() -> None:
    """Import in the parent what the children use: a forked child has it at once."""
    import executions.worker.main
    from executions.driving import driver
    from executions.intake import apply, start
    from executions.verbs.deciding import decisions

    _ = executions.worker.main, decisions, driver, apply, start


def apply(shapes: list[Shape], ledger_url: str) -> None:
    """Bring the shapes into this database."""
    from django.contrib.auth.models import User

    from executions.intake.apply import apply_definition

    ann = User.objects.get(username="ann")
    for shape in shapes:
        if isinstance(shape, AgentShape):
            agents.apply(ann)
            continue
        for text in shape.texts(ledger_url):
            apply_definition(text, ann)


def start(shape: Shape, name: str) -> str:
    """One execution of a shape, accepted and not driven by anybody yet; its id.

    ``name`` finds it again.
    """
    from django.contrib.auth.models import User

    from executions.intake.start import start as start_execution
    from executions.models import Workflow

    ann = User.objects.get(username="ann")
    if isinstance(shape, AgentShape):
        return agents.start(shape, name, ann)
    return str(start_execution(Workflow.objects.get(slug=shape.name), ann, input={}, name=name).pk)


def id_of(name: str) -> str:
    from executions.models import Execution

    return str(Execution.objects.get(name=name).pk)


def deaf_doorbell() -> deque[uuid.UUID]:
    """Bells ring in this process alone, and are lost with it."""
    from executions import dispatch

    bells: deque[uuid.UUID] = deque()

    def ring(execution_id: uuid.UUID, queue: str = "default", owner_id: int | None = None) -> bool:
        bells.append(execution_id)
        return True

    dispatch.ring = ring
    return bells


def start_and_finish(shape: Shape, name: str, kill_at: int) -> int:
    """Start one and work on it; this process is killed at point ``kill_at`` after the start, if it
    comes so far.
    """
    deaf_doorbell()
    return finish(start(shape, name), shape, kill_at=kill_at)


def finish(execution_id: str, shape: Shape, *, kill_at: int | None = None) -> int:
    """Be the worker, and the person, until the execution is at rest. How many points it came
    past.
    """
    from tests.faults.harness.kill import arm

    points = arm(kill_at)
    drive_until(execution_id, partial(is_at_rest, execution_id), shape)
    return points.count


def drive_until(execution_id: str, done: Callable[[], bool], shape: Shape | None = None) -> None:
    """Be a worker of one thread, and the person where a shape says what it presses."""
    from executions.driving.attempts.running import Running
    from executions.recovery.registration import register
    from executions.recovery.sweep import take_up_what_is_left
    from executions.worker.children import use_children
    from executions.worker.writers import writers
    from tests.drives import drive_once

    use_children()
    bells = deaf_doorbell()
    process = register("worker", slots=1)
    store = writers()
    drive = partial(drive_once, process_id=process.pk, store=store, running=Running())
    beaten = time.monotonic()
    try:
        while not done():
            if time.monotonic() - beaten > BEAT_SECONDS:
                process.beat()
                beaten = time.monotonic()
            if not bells:
                take_up_what_is_left(grace_seconds=0.0)
            if bells:
                drive(bells.popleft())
            elif shape is None or not press(execution_id, shape):
                time.sleep(LOOK_SECONDS)
    finally:
        # Its threads hold connections, of which there are few where one process brings many
        # executions home.
        store.close()


def family(execution_id: str) -> list[uuid.UUID]:
    """The execution, and those that it started."""
    from executions.models import Execution

    key = uuid.UUID(execution_id)
    started = Execution.objects.filter(parent=key).order_by("id")
    return [key, *started.values_list("pk", flat=True)]


def is_at_rest(execution_id: str) -> bool:
    from executions.models import Execution

    return Execution.objects.filter(
        pk=execution_id, phase__in=("COMPLETED", "CANCELLED", "TERMINATED")
    ).exists()


def press(execution_id: str, shape: Shape) -> bool:
    """Do what the person of this shape does where it stopped. False: there was nothing to press."""
    from django.contrib.auth.models import User

    from executions.errors import Refused
    from executions.models import Ask, Execution
    from executions.verbs import asks
    from executions.verbs.deciding import decisions

    execution = Execution.objects.get(pk=execution_id)
    ann = User.objects.get(username="ann")
    verbs: dict[str, Any] = {
        "retry": decisions.retry,
        "skip": decisions.skip,
        "recover": decisions.recover,
    }
    try:
        if isinstance(shape, AgentShape):
            return agents.answer(execution, ann)
        if execution.phase == "FAILED" and shape.press:
            verbs[shape.press](execution.pk, ann)
            return True
        if execution.phase == "WAITING" and execution.waiting_for == "decision":
            decisions.decide(execution.pk, ann, "mark_done", output={"did": "charge"})
            return True
        if execution.phase == "WAITING" and execution.waiting_for == "an answer":
            ask = Ask.objects.open().filter(execution=execution).first()
            if ask is not None:
                asks.respond(ask, ann, asks.Answer("approve"))
            return ask is not None
    except Refused as refusal:
        if refusal.code in ("wrong_phase", "conflict"):
            return False
        raise
    return False


def start_many(wanted: list[tuple[str, str]]) -> dict[str, str]:
    """Executions by name and shape, their bells rung for real; ids by name."""
    from tests.faults.harness.shapes import BY_NAME

    return {name: start(BY_NAME[shape], name) for name, shape in wanted}


def attend(started: dict[str, str], shapes: dict[str, str], seconds: float) -> list[str]:
    """Be the person of all these until each is at rest; the names of those that are not after
    ``seconds``.
    """
    from django.db import DatabaseError, connection

    from tests.faults.harness.shapes import BY_NAME

    deadline, left = time.monotonic() + seconds, dict(started)
    while left and time.monotonic() < deadline:
        for name, execution_id in list(left.items()):
            try:
                if is_at_rest(execution_id):
                    del left[name]
                else:
                    press(execution_id, BY_NAME[shapes[name]])
            except DatabaseError:
                # The database is what this trial breaks: a person sees an error page and looks
                # again.
                connection.close()
        time.sleep(0.05)
    return sorted(left)
