"""Schedules in the admin: made and changed with the checks of every door, and acted on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from executions.intake.apply import apply_definition
from executions.models import AuditEntry, Execution, Process, Schedule, Workflow
from executions.schedules.changing import Wanted, create

pytestmark = pytest.mark.database
AsUser = Callable[[User], Client]
ADD = "admin:executions_schedule_add"
LIST = "admin:executions_schedule_changelist"
TEXT = """document: {dsl: '1.0.0', namespace: tests, name: works, version: '1.0.0'}
input: {schema: {document: {type: object, properties: {size: {type: integer}}}}}
do: [{greet: {set: {message: hello}}}]
"""


@pytest.fixture
def workflow(owner: User) -> Workflow:
    return apply_definition(TEXT, owner).workflow


def form(owner: User, workflow: Workflow, /, **changes: object) -> dict[str, object]:
    given = {
        "owner": owner.pk,
        "name": "nightly",
        "workflow": str(workflow.pk),
        "agent": "",
        "input": '{"size": 1}',
        "cron": "0 3 * * *",
        "every": "",
        "time_zone": "Europe/Berlin",
        "missed": "one",
        "overlap": "skip",
        "group": "",
    }
    return {**given, **changes}


def test_an_administrator_makes_one_for_somebody_and_changes_it(
    admin: User, owner: User, as_user: AsUser, workflow: Workflow
) -> None:
    client = as_user(admin)
    assert client.get(reverse(ADD)).status_code == 200
    answer = client.post(reverse(ADD), form(owner, workflow))
    assert answer.status_code == 302
    made = Schedule.objects.get()
    assert (made.owner, made.input, made.state) == (owner, {"size": 1}, "active")
    assert made.next_due_at is not None
    assert AuditEntry.objects.get(verb="create schedule").actor == admin
    page = reverse("admin:executions_schedule_change", args=[made.pk])
    assert client.get(page).status_code == 200
    assert client.post(page, form(owner, workflow, cron="", every="6h")).status_code == 302
    made.refresh_from_db()
    assert (made.cron, made.every) == ("", "PT6H")


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("cron", {"cron": "99 * * * *"}),
        ("cron", {"every": "6h"}),
        ("every", {"cron": "", "every": "soon"}),
        ("time_zone", {"time_zone": "Mars"}),
        ("workflow", {"workflow": ""}),
        ("input", {"input": '{"size": "large"}'}),
    ],
)
def test_what_is_no_schedule_is_told_at_its_field(
    admin: User,
    owner: User,
    as_user: AsUser,
    workflow: Workflow,
    field: str,
    wrong: dict[str, object],
) -> None:
    answer = as_user(admin).post(reverse(ADD), form(owner, workflow, **wrong))
    assert answer.status_code == 200 and not Schedule.objects.exists()
    assert list(answer.context["adminform"].form.errors) == [field]


def test_schedules_are_paused_resumed_and_triggered(
    admin: User, owner: User, as_user: AsUser, workflow: Workflow
) -> None:
    Process.objects.create(kind="worker", host="test", pid=1, slots=1)
    row = create(owner, Wanted("nightly", workflow.slug, every="P1D"))
    client = as_user(admin)

    def act(name: str) -> str:
        asked = {"action": name, "_selected_action": [str(row.pk)]}
        answer = client.post(reverse(LIST), asked, follow=True)
        row.refresh_from_db()
        return " ".join(str(each) for each in answer.context["messages"])

    assert "nightly is paused." in act("pause") and row.state == "disabled"
    assert "nightly goes on." in act("resume") and row.state == "active"
    assert "nightly started a run." in act("trigger")
    assert Execution.objects.get().occurrence.by == admin
    assert "has not ended" in act("trigger")


def test_support_looks_at_masked_input_and_changes_nothing(
    support: User, owner: User, as_user: AsUser, workflow: Workflow
) -> None:
    wanted = Wanted("nightly", workflow.slug, input={"password": "hunter2"}, every="P1D")
    row = create(owner, wanted)
    page = as_user(support).get(reverse("admin:executions_schedule_change", args=[row.pk]))
    assert page.status_code == 200
    assert "hunter2" not in page.content.decode()
    assert as_user(support).post(reverse(ADD), form(owner, workflow)).status_code == 403
