"""Events by the API: structured, binary, in batches; once; and signals to one run."""

from __future__ import annotations

from typing import Any

import pytest

from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import CloudEvent
from tests.api.conftest import HEAD, problem
from tests.inbound.matching import match_events

pytestmark = pytest.mark.database
EVENT = {"specversion": "1.0", "type": "order", "source": "/shop", "id": "1", "data": {"n": 1}}


def sent(caller: Any, body: Any, content_type: str = "application/json", **headers: str) -> Any:
    return caller.post("events", body, Content_Type=content_type, **headers)


@pytest.mark.parametrize("kind", ["application/json", "application/cloudevents+json"])
def test_an_event_is_kept_once(owner, kind):
    first, again = sent(owner, EVENT, kind), sent(owner, {**EVENT, "data": 2}, kind)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["events"][0]["duplicate"] is False
    assert again.json()["events"] == [{**first.json()["events"][0], "duplicate": True}]
    assert CloudEvent.objects.get().body == EVENT


def test_a_batch_is_kept_in_its_order(owner):
    batch = [{**EVENT, "id": str(number)} for number in (3, 1, 3)]
    kept = sent(owner, batch, "application/cloudevents-batch+json").json()["events"]
    assert [each["duplicate"] for each in kept] == [False, False, True]
    assert kept[0]["id"] == kept[2]["id"] != kept[1]["id"]


@pytest.mark.parametrize(
    ("body", "content_type", "data"),
    [
        (b'{"n": 1}', "application/json", {"data": {"n": 1}}),
        (b"plain", "text/plain", {"data": "plain"}),
        (b"\xff\x00", "application/octet-stream", {"data_base64": "/wA="}),
    ],
)
def test_an_event_may_be_binary(owner, body, content_type, data):
    headers = {
        "ce_specversion": "1.0",
        "ce_type": "order",
        "ce_source": "/shop",
        "ce_id": "b%201",
        "ce_shop": "north",
    }
    assert sent(owner, body, content_type, **headers).status_code == 202
    assert CloudEvent.objects.get().body == {
        "specversion": "1.0",
        "type": "order",
        "source": "/shop",
        "id": "b 1",
        "shop": "north",
        "datacontenttype": content_type,
        **data,
    }


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"specversion": "0.3"}, "#/specversion"),
        ({"id": ""}, "#/id"),
        ({"source": 5}, "#/source"),
        ({"type": "x" * 300}, "#/type"),
        ({"type": "io.stigmer.signal"}, None),
        ({"time": "yesterday"}, "#/time"),
        ({"time": "2026-02-31T00:00:00Z"}, "#/time"),
        ({"Shop": "x"}, "#/Shop"),
        ({"shop": {}}, "#/shop"),
        ({"data_base64": "AA=="}, "#/data_base64"),
    ],
)
def test_what_is_no_event_is_refused_and_nothing_of_its_batch_is_kept(owner, change, pointer):
    found = problem(sent(owner, {**EVENT, **change}), 422, "invalid")
    if pointer:
        assert found["errors"][0]["pointer"] == pointer
    problem(sent(owner, [{**EVENT, "id": "0"}, {**EVENT, **change}]), 422, "invalid")
    assert not CloudEvent.objects.exists()


@pytest.mark.parametrize("missing", ["specversion", "id", "source", "type"])
def test_what_an_event_lacks_is_named(owner, missing):
    body = {name: value for name, value in EVENT.items() if name != missing}
    assert f"`{missing}`" in problem(sent(owner, body), 422, "invalid")["detail"]


def test_other_content_is_refused(owner, settings):
    settings.STIGMER_VALUE_BYTES = 1_000
    problem(sent(owner, b"x", "text/plain"), 415, "unsupported-media-type")
    problem(sent(owner, b"{"), 400, "malformed")
    problem(sent(owner, b"5"), 422, "invalid")
    problem(sent(owner, [EVENT] * 501), 422, "invalid")
    big = {**EVENT, "data": "x" * 1_000}
    problem(sent(owner, big), 422, "invalid")
    assert not CloudEvent.objects.exists()


def test_events_are_listed_for_whose_they_are(owner, people):
    key = sent(owner, EVENT).json()["events"][0]["id"]
    sent(owner, {**EVENT, "id": "2", "type": "other"})
    (item,) = owner.get("events?type=order").json()["items"]
    assert (item["id"], item["event"], item["heard"], item["execution_id"]) == (key, EVENT, 0, None)
    assert owner.get(f"events/{key}").json() == item
    assert people["stranger"].get("events").json()["items"] == []
    problem(people["stranger"].get(f"events/{key}"), 404, "not-found")


LISTENS = "do: [{a: {listen: {to: {one: {with: {type: io.stigmer.signal, subject: go}}}}}}]\n"


def test_a_signal_is_heard_by_one_run_once(owner, alice, drive):
    runs = [
        drive(start(apply_definition(HEAD % name + LISTENS, alice).workflow, alice, input={}))
        for name in ("one", "two")
    ]
    path = f"workflow-executions/{runs[0].public_id}/signals"
    for name, duplicate in (("other", False), ("go", False), ("go", True)):
        body = {"name": name, "payload": {"by": name}}
        answer = owner.post(path, body, Idempotency_Key=name)
        assert (answer.status_code, answer.json()["duplicate"]) == (202, duplicate)
    match_events()
    assert [drive(run).phase for run in runs] == ["COMPLETED", "WAITING"]
    assert drive(runs[0]).output == [{"by": "go"}]
    problem(owner.post(path, {"name": "go"}), 400, "wrong-phase")
