"""Objectives in the admin: set, changed and taken away as at every other door, and audited."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from executions.models import AuditEntry, Objective
from tests.admin.conftest import Make

pytestmark = pytest.mark.django_db
AsUser = Callable[[User], Client]
LIST = "admin:executions_objective_changelist"


def test_it_is_set_changed_and_taken_away(
    admin: User, support: User, as_user: AsUser, make: Make
) -> None:
    workflow, client = make().workflow, as_user(admin)
    assert workflow is not None
    add = reverse("admin:executions_objective_add")
    refused = client.post(add, {"workflow": workflow.pk, "success_percent": "100"})
    assert "It is a percentage from 50 to 99.99." in refused.content.decode()
    refused = client.post(add, {"workflow": workflow.pk})
    assert "Say which share of the runs completes" in refused.content.decode()
    assert client.post(add, {"workflow": workflow.pk, "within_seconds": "30"}).status_code == 302
    row = Objective.objects.get()
    assert (row.within_percent, row.set_by) == (95.0, admin)
    page = reverse("admin:executions_objective_change", args=[row.pk])
    assert client.post(page, {"success_percent": "99.5"}).status_code == 302
    row.refresh_from_db()
    assert (row.success_percent, row.within_seconds) == (99.5, None)
    assert workflow.slug in as_user(support).get(reverse(LIST)).content.decode()
    assert as_user(support).post(page, {"success_percent": "50"}).status_code == 403
    assert "99.5" in as_user(support).get(page).content.decode()
    delete = reverse("admin:executions_objective_delete", args=[row.pk])
    assert client.post(delete, {"post": "yes"}).status_code == 302
    verbs = AuditEntry.objects.filter(subject=workflow.public_id).values_list("verb", flat=True)
    assert sorted(verbs) == ["remove objective", "set objective", "set objective"]
