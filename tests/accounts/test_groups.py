"""Groups: who is in them, and what they own, by API and command."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from typer.testing import CliRunner

from executions import policy
from executions.accounts import groups
from executions.cli.app import app
from executions.errors import Refused
from executions.intake import standing
from executions.intake.apply import apply_definition
from executions.models import AuditEntry, Workflow
from tests.people import confirmed, in_group

pytestmark = pytest.mark.django_db
TEXT = "document: {dsl: '1.0.0', namespace: t, name: w, version: '1.0.0'}\ndo: [{a: {set: {n: 1}}}]"


@pytest.fixture
def ada() -> User:
    return confirmed(User.objects.create_superuser("ada"))


@pytest.fixture
def ben() -> User:
    return User.objects.create_user("ben")


def test_a_member_joins_and_leaves_and_it_is_audited(ada: User, ben: User) -> None:
    groups.put_in("Shipping", ben, ada)
    groups.put_in("Shipping", ben, ada)
    assert ben.groups.get().name == "Shipping"
    groups.take_out("Shipping", ben, ada)
    assert not ben.groups.exists()
    said = AuditEntry.objects.filter(verb="change account", subject="ben").order_by("pk")
    assert [each.after["member"] for each in said] == [True, False]


def test_another_rank_ends_the_sessions(ada: User, ben: User) -> None:
    client = Client()
    User.objects.filter(pk=ben.pk).update(password="")
    ben.set_password("a long enough secret")
    ben.save()
    client.post("/log-in", {"username": "ben", "password": "a long enough secret"})
    assert client.get("/account/").status_code == 200
    groups.put_in(policy.VIEWERS_GROUP, ben, ada)
    assert client.get("/account/").status_code == 302


def test_an_owner_hands_to_a_group_of_theirs_alone(ada: User, ben: User) -> None:
    workflow = apply_definition(TEXT, ben).workflow
    Group.objects.create(name="Others")
    in_group(ben, "Shipping")
    for name in ("Others", "Nobody", policy.SUPPORT_GROUP):
        with pytest.raises(Refused, match="may own something"):
            standing.change(workflow, ben, {"group": name})
    standing.change(workflow, ben, {"group": "Shipping"})
    assert Workflow.objects.get().group == Group.objects.get(name="Shipping")
    standing.change(workflow, ada, {"group": "Others"})
    standing.change(workflow, ben, {"group": ""})
    assert Workflow.objects.get().group is None
    assert AuditEntry.objects.filter(verb="change owner").count() == 3


def test_the_api_shows_and_changes_them(ada: User, ben: User) -> None:
    client = Client()
    client.force_login(ada)
    put = client.put("/api/v1/groups/Shipping/members/ben")
    assert put.json() == {"name": "Shipping", "members": ["ben"], "gives_rank": None}
    workflow = apply_definition(TEXT, ada).workflow
    sent: dict[str, Any] = {"group": "Shipping"}
    address = f"/api/v1/workflows/{workflow.public_id}"
    changed = client.patch(address, sent, content_type="application/json")
    assert changed.json()["metadata"]["group"] == "Shipping"
    other = Client()
    other.force_login(ben)
    assert [each["name"] for each in other.get("/api/v1/groups").json()["items"]] == ["Shipping"]
    assert other.put("/api/v1/groups/Shipping/members/ada").status_code == 403
    assert client.delete("/api/v1/groups/Shipping/members/ben").status_code == 204
    assert other.get("/api/v1/groups").json()["items"] == []
    assert client.put("/api/v1/groups/Shipping/members/nobody").status_code == 404


def test_a_shell_puts_somebody_in_and_out(ben: User) -> None:
    runner = CliRunner()
    assert runner.invoke(app, ["user", "join", "ben", "Shipping"]).exit_code == 0
    assert ben.groups.get().name == "Shipping"
    assert runner.invoke(app, ["user", "leave", "ben", "Shipping"]).exit_code == 0
    assert not ben.groups.exists()
    assert runner.invoke(app, ["user", "leave", "ben", "Nothing"]).exit_code != 0
