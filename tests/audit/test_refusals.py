"""What is refused is kept, whichever door refused it, and nobody fills the disk with it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions import audit, tokens
from executions.audit import refusals
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import AuditEntry, Execution

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_client")]
TEXT = (
    "document: {dsl: '1.0.0', namespace: t, name: one, version: '1.0.0'}\n"
    "do: [{a: {set: {n: 1}}}]\n"
)


@pytest.fixture
def alice() -> User:
    return User.objects.create_user("alice")


@pytest.fixture
def mallory() -> User:
    return User.objects.create_user("mallory")


@pytest.fixture
def execution(alice: User) -> Execution:
    return start(apply_definition(TEXT, alice).workflow, alice, input={})


Ask = Callable[[Client, User, Execution], int]


def by_page(client: Client, user: User, execution: Execution) -> int:
    client.force_login(user)
    return client.post(f"/executions/{execution.public_id}/do/cancel", {"seq": 0}).status_code


def by_api(client: Client, user: User, execution: Execution) -> int:
    secret = tokens.mint(user, "x", ["act"]).secret
    address = f"/api/v1/workflow-executions/{execution.public_id}/cancel"
    return client.post(
        address, {}, "application/json", headers={"Authorization": f"Bearer {secret}"}
    ).status_code


def by_scope(client: Client, user: User, execution: Execution) -> int:
    secret = tokens.mint(user, "x", ["read"]).secret
    address = f"/api/v1/workflow-executions/{execution.public_id}/cancel"
    return client.post(
        address, {}, "application/json", headers={"Authorization": f"Bearer {secret}"}
    ).status_code


@pytest.mark.parametrize(
    ("ask", "status"),
    [(by_page, 404), (by_api, 404), (by_scope, 403)],
    ids=["page", "api", "scope"],
)
def test_a_stranger_who_acts_on_a_foreign_run_is_kept(
    client: Client, mallory: User, execution: Execution, ask: Ask, status: int
) -> None:
    assert ask(client, mallory, execution) == status
    entry = AuditEntry.objects.get(verb="cancel")
    assert (entry.outcome, entry.actor_name, entry.subject) == (
        audit.REFUSED,
        "mallory",
        execution.public_id,
    )
    assert entry.after["status"] == status
    assert audit.verify().problems == []


def test_its_owner_sees_who_tried(client: Client, alice, mallory, execution) -> None:
    by_page(client, mallory, execution)
    client.force_login(alice)
    page = client.get(f"/executions/{execution.public_id}/audit").content.decode()
    assert "mallory" in page and "refused" in page


def test_one_refusal_is_kept_once(client: Client, alice: User, execution: Execution) -> None:
    """Restoring keeps its refusals itself, with more than a door knows."""
    secret = tokens.mint(alice, "x", ["act"]).secret
    address = f"/api/v1/workflow-executions/{execution.public_id}/restore"
    body = {"checkpoint_seq": 0, "reason": "mine"}
    headers = {"Authorization": f"Bearer {secret}"}
    assert client.post(address, body, "application/json", headers=headers).status_code == 403
    entry = AuditEntry.objects.get(verb="restore")
    assert entry.after["code"] == "forbidden"


def test_reading_and_strangers_without_an_account_are_not_kept(
    client: Client, mallory: User, execution: Execution
) -> None:
    client.post(f"/api/v1/workflow-executions/{execution.public_id}/cancel")
    client.force_login(mallory)
    assert client.get(f"/executions/{execution.public_id}/").status_code == 404
    assert not AuditEntry.objects.filter(outcome=audit.REFUSED).exists()


def test_beyond_a_few_a_minute_they_are_counted(
    client: Client, mallory: User, execution: Execution
) -> None:
    for _ in range(refusals.A_MINUTE + 15):
        by_page(client, mallory, execution)
    kept = AuditEntry.objects.filter(verb="cancel").count()
    assert refusals.A_MINUTE <= kept < refusals.A_MINUTE + 10
    assert refusals.tell_how_many() == 1
    told = AuditEntry.objects.get(verb=refusals.MORE)
    assert told.after["number"] == refusals.A_MINUTE + 15 - kept
    assert refusals.tell_how_many() == 0


def test_a_log_out_is_kept(client: Client, alice: User) -> None:
    client.force_login(alice)
    client.post("/log-out")
    assert AuditEntry.objects.get(verb="log out").actor_name == "alice"
