"""The pages of schedules: the list, the form with its problems, the page of one, its buttons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions.models import Execution, Process, Schedule, Workflow
from executions.schedules import starting
from executions.schedules.changing import Wanted, create
from tests.schedules.conftest import due

pytestmark = pytest.mark.django_db
As = Callable[[User], Client]


def fields(workflow: Workflow, **others: str) -> dict[str, str]:
    return {
        "name": "nightly",
        "starts": workflow.public_id,
        "input": '{"day": "yesterday"}',
        "cron": "30 2 * * *",
        "time_zone": "Europe/Berlin",
        "every": "",
        "missed": "one",
        "overlap": "skip",
        **others,
    }


@pytest.fixture
def schedule(alice: User, workflow: Workflow) -> Schedule:
    wanted = Wanted(name="nightly", workflow=workflow.slug, cron="30 2 * * *")
    return create(alice, wanted)


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_a_schedule_is_made_by_the_form_and_shown(as_: As, alice: User, workflow: Workflow) -> None:
    client = as_(alice)
    assert "nightly report" in text(client.get("/schedules/new"))
    answer = client.post("/schedules/new", fields(workflow))
    made = Schedule.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/schedules/{made.public_id}/")
    assert made.input == {"day": "yesterday"}
    page = text(client.get(answer["Location"]))
    assert page.count("data-at") == 5
    assert "Europe/Berlin" in page and "yesterday" in page
    assert "nightly" in text(client.get("/schedules/"))
    assert made.public_id in text(client.get(f"/workflows/{workflow.public_id}/"))


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"cron": "99 * * * *"}, "cron", "minute"),
        ({"cron": "", "every": "3"}, "every", "not a duration"),
        ({"every": "15m"}, "cron", "one of the two"),
        ({"input": "{"}, "input", "not JSON"),
        ({"starts": ""}, "starts", "one of the two"),
        ({"time_zone": "Mars"}, "zone", "no time zone"),
    ],
)
def test_a_problem_stands_at_its_field_and_nothing_typed_is_lost(
    as_: As, alice: User, workflow: Workflow, wrong: dict[str, str], field: str, said: str
) -> None:
    answer = as_(alice).post("/schedules/new", fields(workflow, **wrong))
    assert answer.status_code == 400
    page = text(answer)
    problem = page.partition(f'id="sch-{field}-problem"')[2].partition("</span>")[0]
    assert said in problem
    assert 'value="nightly"' in page
    assert not Schedule.objects.exists()


def test_it_is_changed_paused_resumed_and_deleted(
    as_: As, alice: User, workflow: Workflow, schedule: Schedule
) -> None:
    client, path = as_(alice), f"/schedules/{schedule.public_id}/"
    assert 'value="30 2 * * *"' in text(client.get(f"{path}change"))
    sent = fields(workflow, cron="", every="15m", input="")
    assert client.post(f"{path}change", sent).status_code == 302
    schedule.refresh_from_db()
    assert (schedule.cron, schedule.every, schedule.input) == ("", "PT15M", None)
    client.post(f"{path}pause", {"reason": "holidays"})
    assert "holidays" in text(client.get(path))
    assert schedule.public_id in text(client.get("/schedules/?state=disabled"))
    client.post(f"{path}resume")
    schedule.refresh_from_db()
    assert schedule.state == "active"
    assert client.post(f"{path}delete")["Location"] == "/schedules/"
    assert client.get(path).status_code == 404


def test_a_trigger_leads_to_its_run_once_and_the_run_names_the_schedule(
    as_: As, alice: User, worker: Process, schedule: Schedule
) -> None:
    client, path = as_(alice), f"/schedules/{schedule.public_id}/"
    sent = {"key": "0" * 32}
    first, again = (client.post(f"{path}trigger", sent) for _ in range(2))
    run = Execution.objects.get()
    assert first["Location"] == again["Location"] == f"/executions/{run.public_id}/"
    assert f'triggered from <a href="{path}' in text(client.get(first["Location"]))
    refused = client.post(f"{path}trigger", {"key": "1" * 32})
    assert refused.status_code == 409
    assert "has not ended" in text(refused)


def test_a_run_that_a_time_started_says_so(as_: As, alice: User, schedule: Schedule) -> None:
    due(schedule)
    starting.start_due()
    run = Execution.objects.get()
    page = text(as_(alice).get(f"/executions/{run.public_id}/"))
    assert "started by <a" in page and schedule.public_id in page
    assert run.public_id in text(as_(alice).get(f"/schedules/{schedule.public_id}/"))
    schedule.delete()
    assert "<bdi>nightly</bdi>" in text(as_(alice).get(f"/executions/{run.public_id}/"))


def test_support_looks_and_sees_no_sensitive_values(
    as_: As, alice: User, support: User, workflow: Workflow
) -> None:
    wanted = Wanted("secret", workflow.slug, input={"password": "hunter2"}, every="P1D")
    path = f"/schedules/{create(alice, wanted).public_id}/"
    page = text(as_(support).get(path))
    assert "hunter2" not in page and "[masked]" in page
    assert "Trigger now" not in page
    assert as_(support).get(f"{path}change").status_code == 403


def test_the_inbox_names_a_schedule_that_was_paused_before_its_first_run(
    as_: As, alice: User, schedule: Schedule
) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    due(schedule)
    starting.start_due()
    User.objects.filter(pk=alice.pk).update(is_active=True)
    page = text(as_(alice).get("/inbox/"))
    assert schedule.public_id in page and "turned off" in page
    as_(alice).post(f"/schedules/{schedule.public_id}/resume")
    assert schedule.public_id not in text(as_(alice).get("/inbox/"))
