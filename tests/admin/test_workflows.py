"""Workflows in the admin: what is not history may be changed, by administrators, and the change is
dated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions.models import Workflow, WorkflowInstance
from tests.admin.conftest import Make
from tests.admin.test_access import page_of

AsUser = Callable[[User], Client]
pytestmark = pytest.mark.database


@pytest.fixture
def workflow(make: Make) -> Workflow:
    found = make().workflow
    assert found is not None
    return found


def form(workflow: Workflow, **changes: Any) -> dict[str, Any]:
    labels = {"labels": "{}", "tags": "[]", "annotations": "{}"}
    return {
        "name": workflow.name,
        "visibility": workflow.visibility,
        "owner": workflow.owner_id,
        **labels,
        **changes,
    }


def test_labels_are_stored_as_json_and_the_change_is_dated(
    admin: User, as_user: AsUser, workflow: Workflow
) -> None:
    response = as_user(admin).post(
        page_of(workflow), form(workflow, labels='{"team": "shop"}', slug="other")
    )
    assert response.status_code == 302
    after = Workflow.objects.get(pk=workflow.pk)
    assert (after.labels, after.slug, after.spec_updated_by) == (
        {"team": "shop"},
        workflow.slug,
        admin,
    )
    assert after.spec_updated_at > workflow.spec_updated_at
    assert after.status_updated_at == workflow.status_updated_at


def test_text_that_is_no_json_is_refused(admin: User, as_user: AsUser, workflow: Workflow) -> None:
    response = as_user(admin).post(page_of(workflow), form(workflow, labels="{team"))
    assert "Enter a valid JSON." in response.content.decode()


def test_sharing_a_workflow_whose_slug_is_taken_is_refused(
    admin: User, as_user: AsUser, workflow: Workflow
) -> None:
    private = Workflow.objects.create(
        slug=workflow.slug, name="mine", owner=admin, visibility="private"
    )
    response = as_user(admin).post(page_of(private), form(private, visibility="shared"))
    assert (
        f"There is another shared workflow with the slug {workflow.slug}"
        in response.content.decode()
    )


def test_support_may_look_and_not_change(
    support: User, as_user: AsUser, workflow: Workflow
) -> None:
    client = as_user(support)
    assert client.get(page_of(workflow)).status_code == 200
    assert client.post(page_of(workflow), form(workflow, name="other")).status_code == 403


def test_an_instance_is_added_with_its_own_input(
    admin: User, as_user: AsUser, workflow: Workflow
) -> None:
    sent = {
        "workflow": str(workflow.pk),
        "slug": "nightly",
        "description": "",
        "default_input": '{"n": 2}',
    }
    client = as_user(admin)
    assert client.post("/admin/executions/workflowinstance/add/", sent).status_code == 302
    instance = WorkflowInstance.objects.get(slug="nightly")
    assert instance.default_input == {"n": 2}
    assert (
        client.post(
            page_of(instance), {"description": "x", "default_input": "{}", "slug": "y"}
        ).status_code
        == 302
    )
    instance.refresh_from_db()
    assert (instance.slug, instance.default_input, instance.description) == ("nightly", {}, "x")


def test_an_instance_needs_a_slug_that_is_one(
    admin: User, as_user: AsUser, workflow: Workflow
) -> None:
    sent = {"workflow": str(workflow.pk), "slug": "Every Night", "default_input": "{}"}
    page = as_user(admin).post("/admin/executions/workflowinstance/add/", sent).content.decode()
    assert "every-night" in page
