"""Contract 2.3: POST …/recover, by its alias and its canonical address."""

from __future__ import annotations

import pytest
from django.utils.dateparse import parse_datetime

from executions.ids import uuid7
from executions.models import Event, Execution, Step
from executions.states import Phase
from tests.api.conftest import problem

pytestmark = pytest.mark.database


@pytest.fixture(params=["workflows", "workflow-executions"])
def address(request):
    return lambda execution: f"{request.param}/{execution.public_id}/recover"


@pytest.mark.parametrize("role", ["owner", "support", "admin"])
def test_who_may_recover_gets_the_result_and_the_owner_is_told(people, failed, address, role):
    execution = failed()
    # Support says why.
    response = people[role].post(address(execution), {"reason": "asked by its owner"})
    assert response.status_code == 200, response.content
    body = response.json()
    checkpoint = Step.objects.get(path="/first")
    assert body["execution_id"] == execution.public_id
    assert (body["phase"], body["next_step"]) == ("PENDING", "/bad")
    assert (body["checkpoint_seq"], body["kept"]) == (checkpoint.seq, 1)
    assert parse_datetime(body["resumed_from"]) == execution.last_checkpoint_at
    assert body["correlation_id"] == execution.correlation_id
    event = Event.objects.get(name="WORKFLOW_RECOVERED")
    assert event.notifications.get().user_id == execution.owner_id
    assert Execution.objects.get().phase == Phase.PENDING


def test_not_signed_in_is_401(people, failed, address):
    response = people["anonymous"].post(address(failed()))
    problem(response, 401, "unauthenticated")
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_a_stranger_gets_the_same_404_as_for_an_unknown_id(people, failed, address):
    execution = failed()
    foreign = problem(people["stranger"].post(address(execution)), 404, "not-found")
    foreign_id, execution.pk = execution.public_id, uuid7()
    unknown = problem(people["stranger"].post(address(execution)), 404, "not-found")
    hidden = {
        name: str(value).replace(foreign_id, execution.public_id) for name, value in foreign.items()
    }
    assert hidden | {"correlation_id": ""} == {
        name: str(value) for name, value in unknown.items()
    } | {"correlation_id": ""}


def test_an_execution_that_is_not_failed_is_400_and_its_state_is_named(
    owner, failed, drive, address
):
    execution = failed()
    assert owner.post(address(execution)).status_code == 200
    body = problem(owner.post(address(execution)), 400, "wrong-phase")
    assert body["state"] == "PENDING"


def test_a_corrupt_checkpoint_is_500_and_a_person_is_asked(owner, failed, address):
    execution = failed()
    Step.objects.filter(path="/first").update(digest="0" * 64)
    problem(owner.post(address(execution)), 500, "recovery-failed")
    execution.refresh_from_db()
    assert (execution.phase, execution.requires_manual_intervention) == (Phase.FAILED, True)
    assert Event.objects.filter(name="WORKFLOW_RECOVERY_FAILED").exists()


def test_a_field_that_is_not_known_is_refused_and_nothing_is_done(owner, failed, address):
    execution = failed()
    body = problem(
        owner.post(address(execution), {"phase": "COMPLETED", "owner": "eve"}), 422, "invalid"
    )
    assert {error["pointer"] for error in body["errors"]} == {"#/phase", "#/owner"}
    assert Execution.objects.get().phase == Phase.FAILED


def test_a_workflow_has_no_recovery(owner, workflow):
    problem(owner.post("workflows/orders/recover"), 404, "not-found")


def test_a_stale_sequence_is_412_and_the_newest_is_accepted(owner, failed, address):
    execution = failed()
    stale = f'"{execution.head_seq - 1}"'
    problem(owner.post(address(execution), If_Match=stale), 412, "stale")
    fresh = owner.get(f"workflow-executions/{execution.public_id}")["ETag"]
    assert owner.post(address(execution), If_Match=fresh).status_code == 200
