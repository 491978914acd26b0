"""Who gets into the admin, and that history cannot be written there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib import admin as django_admin
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from executions import models
from tests.admin.conftest import Make

AsUser = Callable[[User], Client]
HISTORY = [
    models.Execution,
    models.Step,
    models.Attempt,
    models.Event,
    models.Notification,
    models.Process,
    models.WorkflowVersion,
    models.AgentVersion,
    models.Session,
    models.AgentRun,
    models.AgentMessage,
    models.AgentToolCall,
    models.AuditEntry,
    models.Ask,
]
LISTED = [
    *HISTORY,
    models.Workflow,
    models.WorkflowInstance,
    models.Agent,
    models.AgentInstance,
    models.LanguageModel,
    models.McpServer,
    models.McpTool,
    models.Skill,
    models.SkillVersion,
    models.Environment,
    models.Channel,
    models.Sending,
    User,
    Group,
]
pytestmark = pytest.mark.database


def list_of(model: type) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")  # type: ignore[attr-defined]


def page_of(record: object) -> str:
    meta = record._meta  # type: ignore[attr-defined]
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[record.pk])  # type: ignore[attr-defined]


@pytest.mark.parametrize("model", LISTED)
def test_an_administrator_sees_every_list(
    admin: User, as_user: AsUser, make: Make, model: type
) -> None:
    make()
    assert as_user(admin).get(list_of(model)).status_code == 200


@pytest.mark.parametrize("model", LISTED)
def test_a_plain_user_sees_none(owner: User, as_user: AsUser, model: type) -> None:
    response = as_user(owner).get(list_of(model))
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/admin/login/")


def test_staff_without_the_support_group_sees_no_executions(owner: User, as_user: AsUser) -> None:
    owner.is_staff = True
    owner.save()
    assert as_user(owner).get(list_of(models.Execution)).status_code == 403


def test_support_sees_the_records_but_not_the_people(
    support: User, as_user: AsUser, make: Make
) -> None:
    make()
    client = as_user(support)
    assert {
        client.get(list_of(model)).status_code for model in LISTED if model not in (User, Group)
    } == {200}
    assert client.get(list_of(User)).status_code == 403


@pytest.mark.parametrize("model", HISTORY)
def test_nobody_can_add_to_history_or_delete_from_it(
    admin: User, as_user: AsUser, make: Make, model: type
) -> None:
    make()
    client = as_user(admin)
    assert client.get(list_of(model) + "add/").status_code == 403
    record = model.objects.first()  # type: ignore[attr-defined]
    if record is not None:
        address = page_of(record)
        assert client.get(address).status_code == 200
        assert (
            client.post(address, {"phase": "COMPLETED", "status": "SUCCEEDED"}).status_code == 403
        )
        assert (
            client.post(address.replace("/change/", "/delete/"), {"post": "yes"}).status_code == 403
        )


def test_every_page_of_a_failed_execution_can_be_opened(
    admin: User, as_user: AsUser, make: Make
) -> None:
    execution = make()
    client = as_user(admin)
    records = [
        execution,
        execution.workflow,
        execution.version,
        execution.instance,
        *execution.steps.all(),
        *execution.events.all(),
        *models.Notification.objects.all(),
        *models.Process.objects.all(),
    ]
    assert {client.get(page_of(record)).status_code for record in records} == {200}


def test_a_question_is_shown_with_whom_it_asks(admin: User, as_user: AsUser, make: Make) -> None:
    make(
        "do: [{ask: {call: human, with: {prompt: '<b>Sure?</b>', approvers: {users: [admin]}, form:"
        " {}}}}]"
    )
    ask, client = models.Ask.objects.get(), as_user(admin)
    text = client.get(page_of(ask)).content.decode()
    assert (
        "&lt;b&gt;Sure?&lt;/b&gt;" in text
        and "<b>Sure?" not in text
        and ask.execution.public_id in text
    )
    assert client.post(page_of(ask), {"outcome": "approve"}).status_code == 403
    assert "Sure?" in client.get(list_of(models.Ask), {"q": ask.public_id}).content.decode()


def test_a_private_workflow_of_somebody_else_is_hidden_from_support(
    support: User, as_user: AsUser, make: Make
) -> None:
    workflow = make().workflow
    assert workflow is not None
    models.Workflow.objects.filter(pk=workflow.pk).update(visibility="private")
    client = as_user(support)
    assert client.get(page_of(workflow)).status_code == 302
    assert workflow.slug not in client.get(list_of(models.WorkflowVersion)).content.decode()


def test_every_record_that_operators_need_is_registered() -> None:
    registered = set(django_admin.site._registry)
    assert set(LISTED) <= registered
