"""Starting runs: by id, slug, instance and name; once per key; only where somebody would drive
them.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

import pytest
from django.db import connection
from django.utils import timezone

from executions.api import idempotency
from executions.api.idempotency import KEPT
from executions.intake.apply import apply_definition
from executions.models import Execution, IdempotentRequest, Process
from executions.states import Phase
from executions.values import digest
from executions.worker_identity import here
from tests.api.conftest import GOOD, HEAD, caller_of, problem

pytestmark = pytest.mark.database


def test_a_run_is_accepted_with_id_phase_correlation_and_links(owner, workflow, worker):
    response = owner.post("workflows/orders/run", {"input": {"n": 1}}, X_Correlation_ID="order-17")
    assert response.status_code == 202, response.content
    body, execution = response.json(), Execution.objects.get()
    assert (body["id"], body["run_id"], body["phase"]) == (
        execution.public_id,
        execution.public_id,
        "PENDING",
    )
    assert (
        body["correlation_id"]
        == response["X-Correlation-ID"]
        == execution.correlation_id
        == "order-17"
    )
    assert response["Location"] == body["links"]["self"]
    assert execution.input == {"n": 1}
    read = owner.get(body["links"]["self"])
    assert (read.json()["status"]["phase"], read.json()["metadata"]["id"]) == (
        "PENDING",
        body["id"],
    )


@pytest.mark.parametrize(
    "path", ["workflows/{id}/run", "workflows/orders/run", "workflows/stigmer/run/orders"]
)
def test_id_slug_and_name_start_the_same_workflow(owner, workflow, worker, path):
    response = owner.post(path.format(id=workflow.public_id), {"message": "Go"})
    assert (response.status_code, response.json()["workflow_name"]) == (202, "orders")
    assert Execution.objects.get().input == {"message": "Go"}


def test_an_unknown_name_lists_the_known_ones(owner, workflow, worker):
    body = problem(owner.post("workflows/claude-code/run/nope"), 404, "not-found")
    assert "orders" in body["remedy"]
    body = problem(owner.post("workflows/nobody/run/orders"), 404, "not-found")
    assert "claude-code" in body["remedy"]


def test_neither_workflow_nor_instance_is_an_invalid_argument(owner, worker):
    body = problem(owner.post("workflow-executions", {}), 400, "invalid-argument")
    assert body["pipeline_step"] == "ValidateWorkflowOrInstance"
    assert body["detail"] == "Neither a workflow nor an instance is named."


def test_an_instance_alone_is_enough(owner, workflow, worker):
    instance = workflow.default_instance.public_id
    response = owner.post("workflow-executions", {"workflow_instance_id": instance})
    assert response.status_code == 202
    assert Execution.objects.get().instance_id == workflow.default_instance_id


def test_a_name_may_be_used_again_and_who_asks_for_a_unique_one_is_told_of_the_first(
    owner, workflow, worker
):
    first, second = (owner.post("workflows/orders/run", {"name": "Tonight"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 202) and first.json()[
        "id"
    ] != second.json()["id"]
    unique = {"name": "Tonight", "unique_name": True}
    body = problem(owner.post("workflows/orders/run", unique), 409, "conflict")
    assert body["existing_id"] == first.json()["id"] and body["pipeline_step"] == "CheckDuplicate"
    assert "pipeline step" not in body["detail"] and "unique_name" in body["remedy"]


def test_a_stranger_cannot_run_what_is_private(owner, people, workflow, worker):
    owner("PATCH", "workflows/orders", {"visibility": "private"})
    problem(people["stranger"].post("workflows/orders/run"), 404, "not-found")
    problem(
        people["stranger"].post(
            "workflow-executions", {"workflow_instance_id": workflow.default_instance.public_id}
        ),
        404,
        "not-found",
    )


class TestAKey:
    def test_gives_the_same_answer_again(self, owner, workflow, worker):
        first = owner.post("workflows/orders/run", {"input": {"n": 1}}, Idempotency_Key="one")
        again = owner.post("workflows/orders/run", '{"input":  {"n": 1}}', Idempotency_Key="one")
        assert (again.status_code, again.json()) == (202, first.json())
        assert (again["Idempotency-Replayed"], again["Location"]) == ("true", first["Location"])
        assert Execution.objects.count() == 1

    @pytest.mark.parametrize(
        "path, body", [("orders", {"input": {"n": 2}}), ("other", {"input": {"n": 1}})]
    )
    def test_is_refused_for_another_body_or_operation(
        self, owner, alice, workflow, worker, path, body
    ):
        owner.post("workflows", HEAD % "other" + GOOD, Content_Type="application/yaml")
        owner.post("workflows/orders/run", {"input": {"n": 1}}, Idempotency_Key="one")
        problem(owner.post(f"workflows/{path}/run", body, Idempotency_Key="one"), 422, "key-reused")

    def test_belongs_to_its_user(self, people, workflow, worker):
        ids = {
            people[role].post("workflows/orders/run", Idempotency_Key="one").json()["id"]
            for role in ("owner", "stranger")
        }
        assert len(ids) == 2

    def test_that_is_in_flight_is_a_conflict(self, owner, workflow, worker, alice):
        path = "/api/v1/workflows/orders/run"
        body_digest = digest(f"POST {path}", "")
        IdempotentRequest.objects.create(
            owner=alice, key="one", operation=f"POST {path}", body_digest=body_digest
        )
        response = owner.post("workflows/orders/run", Idempotency_Key="one")
        problem(response, 409, "in-flight")
        assert response["Retry-After"]

    def test_that_was_left_behind_by_a_crash_is_taken_over(
        self, owner, workflow, worker, alice, monkeypatch
    ):
        self.test_that_is_in_flight_is_a_conflict(owner, workflow, worker, alice)
        IdempotentRequest.objects.update(created_at=timezone.now() - idempotency.ABANDONED)
        assert owner.post("workflows/orders/run", Idempotency_Key="one").status_code == 202

    def test_whose_process_is_dead_is_taken_over_at_once(self, owner, workflow, worker, alice):
        self.test_that_is_in_flight_is_a_conflict(owner, workflow, worker, alice)
        web = Process.objects.create(kind="web", host="elsewhere", pid=7)
        IdempotentRequest.objects.update(process=web)
        problem(owner.post("workflows/orders/run", Idempotency_Key="one"), 409, "in-flight")
        web.declare_dead("killed by SIGKILL")
        assert owner.post("workflows/orders/run", Idempotency_Key="one").status_code == 202

    def test_whose_process_is_gone_from_this_host_is_taken_over_before_anybody_declared_it_dead(
        self, owner, workflow, worker, alice
    ):
        self.test_that_is_in_flight_is_a_conflict(owner, workflow, worker, alice)
        gone = Process.objects.create(
            kind="web", pid=2**22 + 1, process_started="1", **asdict(here())
        )
        IdempotentRequest.objects.update(process=gone)
        assert owner.post("workflows/orders/run", Idempotency_Key="one").status_code == 202
        assert Execution.objects.count() == 1

    def test_is_free_again_after_a_refusal(self, owner, workflow, worker):
        worker.declare_dead("test")
        problem(owner.post("workflows/orders/run", Idempotency_Key="one"), 503, "unavailable")
        Process.objects.create(kind="worker", host="test", pid=2, slots=1)
        assert owner.post("workflows/orders/run", Idempotency_Key="one").status_code == 202

    def test_is_forgotten_after_a_day(self, owner, workflow, worker):
        owner.post("workflows/orders/run", {"input": {"n": 1}}, Idempotency_Key="one")
        IdempotentRequest.objects.update(created_at=timezone.now() - KEPT)
        assert (
            owner.post(
                "workflows/orders/run", {"input": {"n": 2}}, Idempotency_Key="one"
            ).status_code
            == 202
        )

    def test_has_to_be_printable(self, owner, workflow, worker):
        problem(owner.post("workflows/orders/run", Idempotency_Key="ö"), 400, "malformed")


@pytest.mark.django_db(transaction=True)
def test_ten_at_once_with_one_key_make_one_run(people, workflow, worker):
    together = threading.Barrier(10)

    def run() -> tuple[int, str]:
        try:
            together.wait()
            response = people["owner"].post(
                "workflows/orders/run", {"input": {"n": 1}}, Idempotency_Key="one"
            )
            return response.status_code, response.json().get("id", "")
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        seen = [future.result() for future in [pool.submit(run) for _ in range(10)]]
    assert {status for status, _ in seen} <= {202, 409}
    assert len({found for status, found in seen if status == 202}) == 1
    assert Execution.objects.count() == 1
    assert (
        people["owner"]
        .post("workflows/orders/run", {"input": {"n": 1}}, Idempotency_Key="one")
        .status_code
        == 202
    )


class TestTheQueue:
    def test_without_a_living_worker_nothing_is_stored_and_the_answer_says_what_to_start(
        self, owner, workflow
    ):
        response = owner.post("workflows/orders/run")
        body = problem(response, 503, "unavailable")
        assert "stigmer worker" in body["remedy"]
        assert response["Retry-After"]
        assert not Execution.objects.exists()

    def test_switched_off_refuses(self, owner, workflow, worker, settings):
        settings.STIGMER_QUEUE = False
        body = problem(owner.post("workflows/orders/run"), 503, "unavailable")
        assert "STIGMER_QUEUE" in body["detail"] + body["remedy"]
        assert not Execution.objects.exists()

    def test_behind_a_redis_that_does_not_answer_refuses(
        self, owner, workflow, worker, settings, tmp_path
    ):
        settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
        body = problem(owner.post("workflows/orders/run"), 503, "unavailable")
        assert "Redis" in body["detail"]
        assert not Execution.objects.exists()

    def test_may_be_idle_where_a_setting_allows_it_and_the_answer_says_so(
        self, owner, workflow, settings
    ):
        settings.STIGMER_ACCEPT_WHEN_IDLE = True
        response = owner.post("workflows/orders/run")
        assert response.status_code == 202
        assert "No worker is alive" in response.json()["message"]
        assert Execution.objects.get().phase == Phase.PENDING

    def test_does_not_matter_to_an_external_runner(self, owner, workflow, settings):
        settings.STIGMER_QUEUE = False
        assert owner.post("workflows/orders/run", {"runner": "external"}).status_code == 202


def test_an_external_runner_drives_a_whole_run(owner, workflow):
    run = owner.post(
        "workflows/orders/run", {"runner": "external", "runner_silence_seconds": 60}
    ).json()["links"]["self"]
    task = {"task_name": "first", "status": "COMPLETED", "output": {"n": 1}}
    began = owner(
        "PATCH", f"{run}/status", {"sequence": 1, "phase": "IN_PROGRESS", "tasks": [task]}
    )
    assert (began.status_code, began.json()["status"]["phase"]) == (
        200,
        "IN_PROGRESS",
    ), began.content
    ended = owner(
        "PATCH",
        f"{run}/status",
        {"sequence": 2, "phase": "EXECUTION_COMPLETED", "output": {"n": 2}},
    )
    assert (ended.json()["status"]["phase"], ended.json()["status"]["output"]) == (
        "COMPLETED",
        {"n": 2},
    )
    late = owner("PATCH", f"{run}/status", {"sequence": 1, "phase": "IN_PROGRESS"})
    assert late.status_code in (200, 409)
    assert owner.get(run).json()["status"]["phase"] == "COMPLETED"
    steps = owner.get(f"{run}/steps").json()["items"]
    assert [(step["name"], step["status"]) for step in steps] == [("first", "SUCCEEDED")]


def test_one_of_ours_takes_no_status(owner, workflow, worker):
    run = owner.post("workflows/orders/run").json()["links"]["self"]
    problem(
        owner("PATCH", f"{run}/status", {"sequence": 1, "phase": "IN_PROGRESS"}), 409, "conflict"
    )


def test_an_agent_needs_an_external_runner_for_now(owner, worker):
    owner.post(
        "agents",
        "name: helper\ninstructions: Help whoever asks.\n",
        Content_Type="application/yaml",
    )
    problem(owner.post("agents/helper/run", {"message": "Hello"}), 409, "conflict")
    body = owner.post("agents/helper/run", {"message": "Hello", "runner": "external"}).json()
    assert body["session_id"].startswith("ses-")
    assert (
        owner.get(f"agent-executions?session={body['session_id']}").json()["items"][0]["metadata"][
            "id"
        ]
        == body["id"]
    )


def test_anothers_session_cannot_be_gone_on_with(people, alice, worker):
    owner, admin = people["owner"], people["admin"]
    owner.post(
        "agents",
        "name: helper\ninstructions: Help whoever asks.\n",
        Content_Type="application/yaml",
    )
    session = owner.post("agents/helper/sessions", {"subject": "Mine"}).json()["id"]
    given = {"message": "Hello", "runner": "external", "session_id": session}
    problem(people["stranger"].post("agents/helper/run", given), 404, "not-found")
    problem(admin.post("agents/helper/run", given), 403, "forbidden")
    assert caller_of(alice, "run").post("agents/helper/run", given).status_code == 202


def test_an_input_that_does_not_fit_is_422_with_a_pointer_into_the_body_for_each_finding(
    owner, alice, worker
):
    schema = (
        "input: {schema: {document: {type: object, required: [order], properties: {message:"
        " {maxLength: 3}, order: {type: object, required: [qty, sku], properties: {qty: {type:"
        " integer}, a/b: {type: string}}}}}}}\n"
    )
    apply_definition(HEAD % "strict" + schema + GOOD, alice)
    sent = {"input": {"order": {"qty": "2", "a/b": 1}}, "message": "hello"}
    body = problem(owner.post("workflows/strict/run", sent), 422, "invalid")
    assert {error["pointer"]: error["detail"] for error in body["errors"]} == {
        "#/input/order/qty": '"2" is not of type "integer"',
        "#/input/order/a~1b": '1 is not of type "string"',
        "#/input/order/sku": "This is required.",
        "#/message": '"hello" is longer than 3 characters',
    }
    body = problem(owner.post("workflows/strict/run", {"name": "a\tb"}), 422, "invalid")
    assert [error["pointer"] for error in body["errors"]] == ["#/name"]
    assert not Execution.objects.exists()


def test_a_schema_that_refers_to_nothing_refuses_the_run_and_says_why(owner, alice, worker):
    """It was applied by a version that did not see that."""
    schema = "input: {schema: {document: {type: object}}}\n"
    version = apply_definition(HEAD % "broken" + schema + GOOD, alice).version
    version.document["input"]["schema"]["document"] = {"$ref": "#/$defs/none"}
    version.save(update_fields=["document"])
    body = problem(owner.post("workflows/broken/run", {"input": {}}), 409, "conflict")
    assert "/$defs/none" in body["detail"]
