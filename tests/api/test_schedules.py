"""Schedules by the API: made, shown, changed, paused, resumed, triggered, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from executions.models import Execution, Schedule
from executions.schedules import starting
from executions.schedules.deciding import MOST_FAILURES
from executions.schedules.pausing import pause
from tests.api.conftest import GOOD, HEAD
from tests.schedules.conftest import due

pytestmark = [pytest.mark.django_db, pytest.mark.database]
BODY = {"name": "nightly", "workflow": "orders", "cron": "0 3 * * *", "time_zone": "Europe/Berlin"}


@pytest.fixture
def owner(people: Any, worker: Any) -> Any:
    """Somebody with a workflow; a worker lives."""
    assert people["owner"]("POST", "workflows", HEAD % "orders" + GOOD).status_code == 201
    return people["owner"]


def made(owner: Any, **body: Any) -> dict[str, Any]:
    answer = owner("POST", "schedules", {**BODY, **body})
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def test_a_schedule_says_its_next_times_and_what_became_of_the_last(owner: Any) -> None:
    shown = made(owner)
    assert (shown["state"], shown["last"], len(shown["next_times"])) == ("active", None, 5)
    assert shown["next_times"][0] == shown["next_due_at"]
    assert owner.get(shown["links"]["self"].removeprefix("/api/v1/")).json() == shown
    due(Schedule.objects.get())
    starting.start_due()
    last = owner.get(f"schedules/{shown['id']}").json()["last"]
    run = Execution.objects.get()
    assert (last["outcome"], last["execution_id"]) == ("started", run.public_id)
    spec = owner.get(f"workflow-executions/{run.public_id}").json()["spec"]["schedule"]
    assert spec == {
        "id": shown["id"],
        "name": "nightly",
        "due_at": last["due_at"],
        "triggered_by": None,
    }
    items = owner.get(f"schedules/{shown['id']}/occurrences").json()["items"]
    assert [each["execution_id"] for each in items] == [run.public_id]


def test_it_is_changed_paused_resumed_and_deleted(owner: Any) -> None:
    shown = made(owner)
    path = f"schedules/{shown['id']}"
    changed = owner("PATCH", path, {"every": "PT1H", "input": {"n": 2}}).json()
    assert (changed["cron"], changed["every"], changed["input"]) == ("", "PT1H", {"n": 2})
    assert changed["next_due_at"] != shown["next_due_at"]
    paused = owner("POST", f"{path}/pause", {"reason": "holidays"}).json()
    assert (paused["state"], paused["reason"], paused["next_times"]) == ("disabled", "holidays", [])
    assert owner.get("schedules?state=disabled").json()["items"][0]["id"] == shown["id"]
    assert owner("POST", f"{path}/resume").json()["state"] == "active"
    assert owner("DELETE", path).status_code == 204
    assert owner.get(path).status_code == 404


def test_a_trigger_is_carried_out_once_for_each_key(owner: Any) -> None:
    path = f"schedules/{made(owner)['id']}/trigger"
    first = owner("POST", path, **{"Idempotency-Key": "k"})
    again = owner("POST", path, **{"Idempotency-Key": "k"})
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["id"] == again.json()["id"] == Execution.objects.get().public_id
    refused = owner("POST", path)
    assert refused.status_code == 409
    assert "has not ended" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("body", "pointer", "said"),
    [
        ({"cron": "0 3 * *"}, "/cron", "five fields"),
        ({"cron": "0 25 * * *"}, "/cron", "hour"),
        ({"every": "PT1H"}, "/cron", "one of the two"),
        ({"cron": "", "every": "PT1S"}, "/every", "10 to"),
        ({"time_zone": "Mars"}, "/time_zone", "Europe/Berlin"),
        ({"workflow": "none-such"}, "/workflow", "none-such"),
        ({"workflow": "", "agent": "none-such"}, "/agent", "none-such"),
        ({"agent": "both"}, "/workflow", "one of the two"),
        ({"name": " "}, "/name", "printable"),
    ],
)
def test_what_is_wrong_is_named_where_it_stands(
    owner: Any, body: dict[str, Any], pointer: str, said: str
) -> None:
    answer = owner("POST", "schedules", {**BODY, **body})
    assert answer.status_code == 422
    (found,) = [each for each in answer.json()["errors"] if each["pointer"] == f"#{pointer}"]
    assert said in found["detail"]
    assert not Schedule.objects.exists()


def test_a_name_is_used_once_by_its_owner(owner: Any, people: Any) -> None:
    made(owner)
    assert owner("POST", "schedules", BODY).status_code == 409
    assert people["stranger"]("POST", "schedules", BODY).status_code == 201


def test_a_workflow_with_schedules_is_not_deleted(owner: Any) -> None:
    made(owner)
    refused = owner("DELETE", "workflows/orders")
    assert (refused.status_code, "1 schedule" in refused.json()["detail"]) == (409, True)


def test_resuming_checks_what_would_be_started(owner: Any) -> None:
    shown = made(owner)
    schedule = Schedule.objects.get()
    pause(schedule, f"Its last {MOST_FAILURES} runs failed, one after the other.")
    schema = "input: {schema: {document: {type: object, required: [size]}}}\n"
    owner("POST", "workflows", HEAD % "orders" + schema + GOOD)
    refused = owner("POST", f"schedules/{shown['id']}/resume")
    assert refused.status_code == 422
    assert "size" in str(refused.json()["errors"])
    owner("PATCH", f"schedules/{shown['id']}", {"input": {"size": 1}})
    assert owner("POST", f"schedules/{shown['id']}/resume").json()["state"] == "active"
