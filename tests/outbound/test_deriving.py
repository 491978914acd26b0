"""What the journal says becomes the specification's events: each once, and with its data."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models.functions import Now

from executions import clock
from executions.inbound import keeping
from executions.models import Channel, Event, Sending, Told, Turn
from executions.outbound import channels, deriving, lifecycle
from executions.outbound.channels import Wanted
from executions.states import Phase
from executions.verbs.deciding import control, decisions
from tests.driving.crashing import drive_on
from tests.driving.texts import call, tasks
from tests.inbound.matching import match_events
from tests.outbound.conftest import tell, told

pytestmark = [pytest.mark.database, pytest.mark.django_db]
SET = "{set: {n: 1}}"
STEP = ["task.created", "task.started", "task.completed"]


def test_a_run_from_its_start_to_its_end(begin: Any, sink: Channel) -> None:
    execution = begin(tasks(first=SET, second="{do: [{inner: {set: {m: 2}}}]}"))
    drive_on(execution)
    tell()
    types = told(sink)
    assert types[0] == "workflow.started" and types[-1] == "workflow.completed"
    assert sorted(types[1:-1]) == sorted(STEP * 3)
    bodies = [row.body for row in sink.sendings.order_by("pk")]
    assert bodies[0]["data"] == {
        "name": f"{bodies[0]['data']['definition']['name']}-{execution.public_id}.tests",
        "definition": bodies[0]["data"]["definition"],
        "startedAt": bodies[0]["time"],
    }
    pointers = {body["data"]["task"] for body in bodies[1:-1]}
    assert pointers == {"/do/0/first", "/do/1/second", "/do/1/second/do/0/inner"}
    assert all(body["source"] == f"/executions/{execution.public_id}" for body in bodies)
    assert len({body["id"] for body in bodies}) == len(bodies)
    assert "output" not in bodies[-1]["data"]


def test_nothing_is_told_twice_however_often_it_is_looked(begin: Any, sink: Channel) -> None:
    execution = begin(tasks(first=SET, pause="{wait: {seconds: 60}}", last=SET))
    drive_on(execution)
    tell()
    first = told(sink)
    assert first == ["workflow.started", *STEP, "task.created", "task.started"]
    for _ in range(3):
        tell()
    assert told(sink) == first
    # Rows of the past are forgotten; what is open is known all the same.
    Sending.objects.all().delete()
    control.terminate(execution.pk, execution.owner)
    tell()
    assert told(sink) == ["workflow.cancelled"] or told(sink) == [
        "task.cancelled",
        "workflow.cancelled",
    ]


def test_a_failure_that_a_person_retries(begin: Any, sink: Channel, tmp_path: Path) -> None:
    ledger = str(tmp_path / "ledger")
    execution = begin(tasks(risky=call("fails", ledger=ledger, times=1, transient=False)))
    execution = drive_on(execution)
    assert execution.phase == Phase.FAILED
    tell()
    types = told(sink)
    assert types[-2:] == ["task.faulted", "workflow.faulted"]
    faulted = sink.sendings.get(type__contains="workflow.faulted").body
    assert faulted["data"]["error"]["type"].startswith("https://serverlessworkflow.io/spec/")
    decisions.retry(execution.pk, execution.owner)
    tell()
    again = told(sink)[len(types) :]
    assert sorted(again) == ["task.created", "task.started", "workflow.resumed"]
    drive_on(execution)
    tell()
    assert told(sink)[-2:] == ["task.completed", "workflow.completed"]


def test_a_pause_suspends_the_run_and_its_open_tasks(begin: Any, sink: Channel) -> None:
    execution = drive_on(begin(tasks(pause="{wait: {seconds: 60}}")))
    control.pause(execution.pk, execution.owner)
    tell()
    assert told(sink)[-2:] == ["workflow.suspended", "task.suspended"]
    control.resume(execution.pk, execution.owner)
    tell()
    assert told(sink)[-2:] == ["workflow.resumed", "task.resumed"]


def test_listening_is_correlation(begin: Any, sink: Channel) -> None:
    execution = drive_on(begin(tasks(hear="{listen: {to: {one: {with: {type: order}}}}}")))
    tell()
    assert told(sink)[-1] == "workflow.correlation-started"
    event = {"specversion": "1.0", "type": "order", "source": "/s", "id": "1", "data": {}}
    keeping.keep([event], execution.owner_id)
    match_events()
    drive_on(execution)
    tell()
    types = told(sink)
    assert types[-3:] == ["task.completed", "workflow.correlation-completed", "workflow.completed"]


def test_what_correlates_the_events_of_a_step_is_told(begin: Any, sink: Channel) -> None:
    correlate = "{order: {from: .data.order, expect: '${ 7 }'}, shop: {from: .data.shop}}"
    hear = f"{{listen: {{to: {{one: {{with: {{type: order}}, correlate: {correlate}}}}}}}}}"
    execution = drive_on(begin(tasks(hear=hear)))
    event: dict[str, Any] = {"specversion": "1.0", "type": "order", "source": "/s", "id": "1"}
    keeping.keep([event | {"data": {"order": 7, "shop": "north"}}], execution.owner_id)
    match_events()
    drive_on(execution)
    tell()
    rows = sink.sendings.filter(type__contains="correlation-completed")
    assert [row.body["data"]["correlationKeys"] for row in rows] == [{"order": 7, "shop": "north"}]


def test_what_is_done_with_each_event_is_no_task_of_its_own(begin: Any, sink: Channel) -> None:
    hear = "listen: {to: {any: [{with: {type: order}}], until: '${ length > 1 }'}}"
    execution = drive_on(
        begin(tasks(hear=f"{{{hear}, foreach: {{item: o, do: [{{one: {SET}}}]}}}}"))
    )
    for number in ("1", "2"):
        event: dict[str, Any] = {
            "specversion": "1.0",
            "type": "order",
            "source": "/s",
            "id": number,
            "data": {},
        }
        keeping.keep([event], execution.owner_id)
    match_events()
    assert drive_on(execution).phase == Phase.COMPLETED
    tell()
    done = sink.sendings.filter(type=f"{lifecycle.PREFIX}task.completed.v1")
    pointers = [row.body["data"]["task"] for row in done.order_by("pk")]
    assert pointers == ["/do/0/hear/foreach/do/0/one"] * 2 + ["/do/0/hear"]


def test_a_sink_hears_what_it_wants_from_its_beginning_on(
    begin: Any, sink: Channel, admin: User
) -> None:
    drive_on(begin(tasks(first=SET), name="before"))
    only = channels.create(
        admin, Wanted("ends", sink.address, [f"{lifecycle.PREFIX}workflow.completed.v1"])
    )
    Channel.objects.filter(pk=only.pk).update(hears_from=Now())
    drive_on(begin(tasks(first=SET), name="after"))
    tell()
    assert told(only) == ["workflow.completed"]
    assert told(sink).count("workflow.completed") == 2


def test_an_output_is_sent_only_to_who_wants_outputs(begin: Any, sink: Channel) -> None:
    Channel.objects.update(with_output=True)
    drive_on(begin(tasks(first=SET)))
    tell()
    assert sink.sendings.get(type__contains="workflow.completed").body["data"]["output"] == {"n": 1}


def test_a_long_journal_is_told_in_parts(
    begin: Any, sink: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deriving, "MOST_ROWS", 3)
    loop = "{for: {in: '${ [range(20)] }'}, do: [{one: {set: {n: '${ $item }'}}}]}"
    execution = drive_on(begin(tasks(each=loop)))
    tell()
    assert told(sink).count("task.completed") == 21
    assert Told.objects.get(execution=execution).open == {}


def test_numbers_that_are_committed_late_are_not_passed_over(begin: Any, sink: Channel) -> None:
    drive_on(begin(tasks(first=SET), name="r1"))
    tell()
    # Numbers below those that were seen, written by a transaction that took longer.
    for event in Event.objects.order_by("-pk"):
        Event.objects.filter(pk=event.pk).update(id=event.pk + 1_000)
    tell()
    below = Event.objects.order_by("pk")[0].pk - 500
    drive_on(begin(tasks(first=SET), name="r2"))
    for number, event in enumerate(Event.objects.filter(execution__name="r2").order_by("pk")):
        Event.objects.filter(pk=event.pk).update(id=below + number)
    tell()
    assert told(sink).count("workflow.completed") == 2
    cursor = int(Turn.objects.get(pk=deriving.TURN).value)
    assert cursor < Event.objects.order_by("pk")[0].pk
    Event.objects.update(created_at=clock.now() - timedelta(minutes=5))
    tell()
    assert int(Turn.objects.get(pk=deriving.TURN).value) == Event.objects.order_by("-pk")[0].pk


def test_without_sinks_nothing_is_written(begin: Any) -> None:
    drive_on(begin(tasks(first=SET)))
    tell()
    assert not Sending.objects.exists() and not Told.objects.exists()
