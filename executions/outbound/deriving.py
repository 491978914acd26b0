"""Finding what is new in the journal, and writing a message of it for each sink that wants it.

A cursor over the journal's events finds runs that something was told of; who has not ended is
asked for its counter as well, where somebody wants to hear of tasks. How far a run was told stands
in a row of its own, written together with the messages, so that nothing is told twice or left out.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import lru_cache, partial
from typing import Any

from django.db.models import F, Q

from executions import clock
from executions.driving.versions import parsed
from executions.language.walking.places import pointer_at
from executions.models import Channel, Event, Execution, Sending, Step, Told
from executions.models.transactions import atomic
from executions.outbound import cursors, lifecycle
from executions.outbound.kinds.table import OF_EVENTS
from executions.states import ACTIVE_PHASES
from executions.values import dumps, timestamp

TURN = "lifecycle"
MOST_RUNS = 200
MOST_ROWS = 500
MOST_WAITING = 50_000
MOST_OUTPUT_BYTES = 65_536
OVERFULL = "Too many messages of this sink waited already."
_TASK = f"{lifecycle.PREFIX}task."
_CORRELATION = f"{lifecycle.PREFIX}workflow.correlation-"
Call = Callable[[Callable[[], Any]], Any]


def sinks() -> list[Channel]:
    """Those that hear events."""
    return list(Channel.objects.active().filter(kind__in=OF_EVENTS))


def derive(call: Call, channels: Sequence[Channel]) -> bool:
    """Write the messages of what is new for these sinks; whether there may be more."""
    if not channels:
        return False
    runs, full = call(partial(_with_news, channels)), call(partial(_overfull, channels))
    for key in runs:
        while not call(partial(_tell, key, channels, full)):
            pass
    return len(runs) >= MOST_RUNS


def rest() -> None:
    """Nobody hears."""
    cursors.forget(TURN)


def _with_news(channels: Sequence[Channel]) -> list[uuid.UUID]:
    """The runs of which something may be untold, and the cursor moved on."""
    news = Q(told=None) | Q(told__seq__lt=F("head_seq"))
    keys: list[uuid.UUID] = []
    if any(_wants_tasks(channel) for channel in channels):
        under_way = Execution.objects.filter(news, phase__in=ACTIVE_PHASES, head_seq__gt=0)
        keys += under_way.order_by("pk").values_list("pk", flat=True)[:MOST_RUNS]
    cursor = cursors.of_events(TURN)
    late = Event.objects.filter(pk__gt=cursor).values("execution")
    runs = Execution.objects.filter(news, pk__in=late)
    keys += runs.order_by("pk").values_list("pk", flat=True)[:MOST_RUNS]
    if len(keys) < MOST_RUNS:
        cursors.move_on(TURN, cursor)
    return list(dict.fromkeys(keys))


def _wants_tasks(channel: Channel) -> bool:
    types = channel.types or lifecycle.TYPES
    return any(type_.startswith((_TASK, _CORRELATION)) for type_ in types)


def _overfull(channels: Sequence[Channel]) -> set[uuid.UUID]:
    return {each.pk for each in channels if each.sendings.waiting()[MOST_WAITING:].exists()}


def _tell(key: uuid.UUID, channels: Sequence[Channel], full: Collection[uuid.UUID]) -> bool:
    """Some of what is new of one run, for all of them: one transaction. Whether it was all."""
    with atomic():
        execution = (
            Execution.objects.select_related("workflow", "agent", "version", "agent_version")
            .filter(pk=key)
            .first()
        )
        if execution is None:
            return True
        Told.objects.get_or_create(execution=execution)
        progress = Told.objects.select_for_update().get(execution=execution)
        subject = _subject(execution, progress)
        since = min(channel.hears_from for channel in channels)
        news, seq = _news(execution, subject, since)
        for channel in channels:
            _write(channel, execution, news, is_full=channel.pk in full)
        progress.seq, progress.open, progress.status = seq, subject.open, subject.status
        progress.save()
    return seq >= execution.head_seq


def _news(
    execution: Execution, subject: lifecycle.Subject, since: datetime
) -> tuple[list[lifecycle.LifecycleEvent], int]:
    """The untold news of the rows, in the order in which it happened, and up to where."""
    head, after = execution.head_seq, subject.seq
    steps = list(
        Step.objects.filter(execution=execution, changed_seq__gt=after, changed_seq__lte=head)
        .defer("input", "arguments", "context", "control")
        .order_by("changed_seq")[:MOST_ROWS]
    )
    events = list(
        Event.objects.filter(execution=execution, seq__gt=after, seq__lte=head).order_by("seq")[
            :MOST_ROWS
        ]
    )
    if len(steps) == MOST_ROWS:
        head = min(head, steps[-1].changed_seq)
    if len(events) == MOST_ROWS:
        head = min(head, events[-1].seq)
    rows = [(step.changed_seq, partial(lifecycle.of_step, subject, step)) for step in steps]
    rows += [(event.seq, partial(lifecycle.of_event, subject, event)) for event in events]
    rows.sort(key=lambda row: row[0])
    news = [each for seq, said in rows if seq <= head for each in said()]
    return sorted((each for each in news if each.at >= since), key=lifecycle.order), head


def _subject(execution: Execution, progress: Told) -> lifecycle.Subject:
    namespace, name, version = _definition(execution)
    return lifecycle.Subject(
        name=f"{name}-{execution.public_id}.{namespace}",
        definition={"name": name, "namespace": namespace, "version": version},
        pointer=partial(_pointer, execution.version_id),
        error=execution.error,
        output=execution.output,
        seq=progress.seq,
        started_at=execution.started_at,
        status=progress.status,
        open=dict(progress.open),
    )


def _definition(execution: Execution) -> tuple[str, str, str]:
    """Namespace, name and version, as the text of a workflow says them."""
    if execution.version is None:
        number = execution.agent_version.number if execution.agent_version else ""
        return "agents", execution.subject.slug, str(number)
    document = execution.version.document.get("document", {})
    namespace, name, version = (
        str(document.get(key, "")) for key in ("namespace", "name", "version")
    )
    return namespace, name, version


@lru_cache(maxsize=4096)
def _pointer(version_id: uuid.UUID | None, path: str) -> str:
    """Of an agent's step the path: its tasks stand in no definition."""
    return path if version_id is None else pointer_at(parsed(version_id).workflow, path)


def _write(
    channel: Channel,
    execution: Execution,
    news: Sequence[lifecycle.LifecycleEvent],
    *,
    is_full: bool,
) -> None:
    """Events beyond the bound are given up at once: they can be sent again."""
    wanted = [each for each in news if each.at >= channel.hears_from and channel.wants(each.type)]
    rows = [
        Sending(
            channel=channel,
            execution=execution,
            key=f"{execution.pk.hex}.{each.key}",
            type=each.type,
            body=envelope(execution, each, with_output=channel.with_output),
            dead_at=clock.now() if is_full else None,
            problem=OVERFULL if is_full else "",
        )
        for each in wanted
    ]
    Sending.objects.bulk_create(rows, ignore_conflicts=True)


def envelope(
    execution: Execution, event: lifecycle.LifecycleEvent, *, with_output: bool
) -> dict[str, Any]:
    """The event in the JSON format of CloudEvents."""
    data = dict(event.data)
    if with_output and event.output is not None and _fits(event.output):
        data["output"] = event.output
    return {
        "specversion": "1.0",
        "id": f"{execution.public_id}.{event.key}",
        "source": f"/executions/{execution.public_id}",
        "type": event.type,
        "subject": data.get("name") or data.get("workflow"),
        "time": timestamp(event.at),
        "datacontenttype": "application/json",
        "data": data,
    }


def _fits(output: Any) -> bool:
    return len(dumps(output)) <= MOST_OUTPUT_BYTES
