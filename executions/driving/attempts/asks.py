"""A call that people answer: the run is parked until one of them does, or until nobody did in time.

The question stands in a row of its own, written with the step that waits. The answer comes as a
decision (:mod:`executions.verbs.asks`), which opens the step again with what the call gives.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NoReturn

from django.contrib.auth.models import Group, User
from django.db.models import QuerySet

from executions import clock
from executions.calls.outcome import Ask, Done, Fail
from executions.calls.steps import STEPS
from executions.driving import report
from executions.driving.drive import Drive, sooner
from executions.driving.waking import wake
from executions.errors import WorkflowError
from executions.ids import public_id, uuid7
from executions.journal.decided import Asked, Call
from executions.journal.events import EventName
from executions.journal.records import EventRecord, StepRecord
from executions.language.walking.requests import Effect
from executions.models import Ask as AskRow
from executions.models import Notification
from executions.states import WaitingFor

LATEST_REMINDER = timedelta(days=1)


def ask(drive: Drive, request: Effect, put_back: Callable[[], None]) -> Done | Fail:
    """The result of the call where nobody answered in time; else Parked is raised.

    ``put_back`` lets the step stand as it stood before, where something is asked of the run before
    the question is put.
    """
    step, now = request.step, clock.now()
    asked = STEPS[request.call].run(step.arguments or {})
    if isinstance(asked, Fail):
        return asked
    held = Call.of(step).ask
    if held is None:
        return _park(drive, request, asked, _held(uuid7(), now, asked), put_back)
    assert held.id is not None and held.until is not None
    if (answer := drive.store.call(partial(_answered, held.id))) is not None:
        return Done(answer)
    if now < held.until:
        return _park(drive, request, asked, held)
    if asked.on_timeout == "escalate" and not held.escalated:
        again = _held(held.id, now, asked, escalated=True)
        return _park(drive, request, asked, again, put_back)
    return _nobody_answered(asked, now)


def answer_of(
    outcome: str, form: Any, comment: str, reviewer: str | None, at: datetime
) -> dict[str, Any]:
    """The output of the call; ``reviewer`` is a user name, None where nobody answered in time."""
    return {
        "outcome": outcome,
        "form": form,
        "comment": comment,
        "reviewer": reviewer,
        "responded_at": report.timestamp(at),
    }


def _held(key: uuid.UUID, now: datetime, asked: Ask, *, escalated: bool = False) -> Asked:
    until = now + timedelta(seconds=asked.seconds)
    return Asked.made(id=key, until=until, escalated=escalated)


def _park(
    drive: Drive,
    request: Effect,
    asked: Ask,
    held: Asked,
    put_back: Callable[[], None] | None = None,
) -> NoReturn:
    """Raises Parked.

    With ``put_back`` the question is a new one: it is written, and told to those who may answer,
    with the step.
    """
    step, before = request.step, Call.of(request.step).ask
    Call.of(step).ask = held
    until = held.until
    assert until is not None
    also = take_back = None
    if put_back is not None:
        now = clock.now()
        assert held.id is not None
        about: dict[str, Any] = {"ask": public_id("ask", held.id)}
        about |= {"step_name": step.name, "path": step.path}
        event = report.plain(EventName.ASKED, drive.execution, now, **about, prompt=asked.prompt)
        drive.boundary.events.append(event)
        also = partial(_write, drive, step, asked, held)
        take_back = partial(_not_put, drive, step, event, before, put_back)
    else:
        assert held.id is not None
        also = partial(_ask_on, drive, step, held.id)
    wake_at = sooner(until, request.deadline_at)
    drive.wait(step, wake_at, WaitingFor.ANSWER, also=also, take_back=take_back)


def _answered(ask_id: uuid.UUID) -> dict[str, Any] | None:
    """The answer that somebody gave while the run was driven; None where nobody has."""
    row = AskRow.objects.select_related("reviewer").filter(pk=ask_id).first()
    if row is None or row.answered_at is None or row.reviewer is None:
        return None
    name = row.reviewer.get_username()
    return answer_of(row.outcome, row.answers, row.comment, name, row.answered_at)


def _ask_on(drive: Drive, step: StepRecord, ask_id: uuid.UUID) -> None:
    """The question stands for this step, which may have taken another one's place.

    It may have been answered between the look at it and this transaction, which holds the row of
    the run now.
    """
    AskRow.objects.filter(pk=ask_id).exclude(step=step.id).update(step=step.id)
    if _answered(ask_id) is not None:
        wake(drive.execution)


def _not_put(
    drive: Drive,
    step: StepRecord,
    event: EventRecord,
    before: Asked | None,
    put_back: Callable[[], None],
) -> None:
    """Nobody was asked: neither the step nor the history may say so."""
    drive.boundary.events.remove(event)
    del Call.of(step).ask
    if before is not None:
        Call.of(step).ask = before
    put_back()


def _write(drive: Drive, step: StepRecord, asked: Ask, held: Asked) -> None:
    """The row of the question, and a notification for each person who may answer; in the move's
    transaction.
    """
    key, until = held.id, held.until
    assert key is not None and until is not None
    row, is_first = AskRow.objects.get_or_create(
        pk=key,
        defaults={
            "execution_id": drive.execution.pk,
            "step_id": step.id,
            "prompt": asked.prompt,
            "form": asked.form,
            "outcomes": [{"name": name, "label": label} for name, label in asked.outcomes],
            "is_four_eyes": asked.is_four_eyes,
            "expires_at": until,
            "remind_at": _remind_at(clock.now(), until),
        },
    )
    if is_first:
        _name_people(drive, row, asked)
    else:
        row.users.add(*_administrators())
        AskRow.objects.filter(pk=row.pk).update(expires_at=until, escalated_at=clock.now())
    _notify(drive, row)


def _name_people(drive: Drive, row: AskRow, asked: Ask) -> None:
    """The people who are asked; administrators, where none of those who are named can answer."""
    users = list(User.objects.filter(username__in=asked.users, is_active=True))
    groups = list(Group.objects.filter(name__in=asked.groups))
    if not asked.users and not asked.groups:
        row.users.set([drive.execution.owner_id])
        return
    row.users.set(users)
    row.groups.set(groups)
    names = {user.username for user in users} | {group.name for group in groups}
    row.unknown = sorted({*asked.users, *asked.groups} - names) or None
    row.save(update_fields=["unknown"])
    if not row.those_asked(drive.execution.owner_id).exists():
        row.users.add(*_administrators())


def _administrators() -> QuerySet[User]:
    return User.objects.filter(is_superuser=True, is_active=True)


def _remind_at(now: datetime, until: datetime) -> datetime:
    """When half of the time is over, at the latest after a day."""
    return now + min((until - now) / 2, LATEST_REMINDER)


def _notify(drive: Drive, row: AskRow) -> None:
    event = row.asked_by()
    people = row.those_asked(drive.execution.owner_id)
    Notification.objects.bulk_create(
        Notification(user_id=key, event=event) for key in people.values_list("pk", flat=True)
    )


def _nobody_answered(asked: Ask, now: datetime) -> Done | Fail:
    if asked.on_timeout in ("approve", "deny"):
        return Done(answer_of(asked.on_timeout, None, "Nobody answered in time.", None, now))
    error = WorkflowError.standard("timeout", f"Nobody answered in time: {asked.prompt}")
    return Fail(error, transient=False, rule="nobody answered", answered=True)
