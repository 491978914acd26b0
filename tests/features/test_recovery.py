"""The acceptance criteria of workflow recovery, as written in recovery.feature."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_bdd import given, parsers, scenarios, then, when

from executions.driving.chain import examine
from executions.errors import Refused
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import Attempt, Event, Execution, Notification, Step
from executions.states import Phase
from executions.verbs.deciding import decisions
from executions.verbs.deciding.restore import restore
from tests.features.service import Service
from tests.live import ROOT, LiveStigmer, environment, stigmer_up
from tests.processes import kill
from tests.settings import TEST_DATABASE, TEST_FOLDER
from tests.waiting import until

pytestmark = [pytest.mark.database, pytest.mark.django_db]
scenarios("recovery.feature")

Drive = Callable[[Execution], Execution]
Seen = dict[str, Any]
HEAD = "document: {dsl: '1.0.0', namespace: features, name: order, version: '1.0.0'}\n"


# Long enough for a busy machine to send a request, and to answer one that is not late.
ATTEMPT_SECONDS = 3


def task(service: Service, path: str, *, optional: bool = False) -> str:
    limit = f"attemptTimeout: {{seconds: {ATTEMPT_SECONDS}}}"
    metadata = f"{{optional: {str(optional).lower()}, {limit}}}"
    return (
        f"{{call: http, with: {{method: get, endpoint: '{service.url}{path}'}}, metadata:"
        f" {metadata}}}"
    )


def begin(owner: User, tasks: str) -> Execution:
    return start(apply_definition(HEAD + tasks, owner).workflow, owner, input={})


@given("a workflow step that times out twice")
def _(service: Service, sarah: User, seen: Seen) -> None:
    service.late["/step"] = 2
    seen["execution"] = begin(sarah, f"do: [{{step: {task(service, '/step')}}}]\n")


@given("a workflow step that fails for good")
def _(service: Service, sarah: User, seen: Seen) -> None:
    service.broken.add("/step")
    seen["execution"] = begin(sarah, f"do: [{{step: {task(service, '/step')}}}]\n")


@given(
    parsers.re(r"a workflow step that is (?P<required>not )?optional and times out again and again")
)
def _(service: Service, sarah: User, seen: Seen, required: str | None) -> None:
    service.late["/step"] = 99
    seen["execution"] = begin(
        sarah, f"do: [{{step: {task(service, '/step', optional=not required)}}}]\n"
    )


@when("the step is run")
def _(drive: Drive, seen: Seen) -> None:
    seen["execution"] = drive(seen["execution"])


@then("the system automatically retries up to 3 times")
def _(service: Service) -> None:
    assert service.asked["/step"] == 3
    assert Event.objects.filter(name="WORKFLOW_STEP_RETRYING").count() == 2


@then("each retry is logged with the correlation id")
def _(seen: Seen) -> None:
    logged = list(Attempt.objects.order_by("number").values_list("outcome", "correlation_id"))
    correlation_id = seen["execution"].correlation_id
    assert logged == [
        ("failed", correlation_id),
        ("failed", correlation_id),
        ("succeeded", correlation_id),
    ]


@then("the workflow completes")
def _(seen: Seen) -> None:
    assert seen["execution"].phase == Phase.COMPLETED


@then(parsers.re(r"it was tried (?P<times>once|4 times)"))
def _(service: Service, seen: Seen, times: str) -> None:
    tried = 1 if times == "once" else 4
    assert Attempt.objects.count() == tried
    # A request that was given up may reach the service later.
    until(lambda: service.asked["/step"] == tried, what=f"the service was asked {times}")
    assert seen["execution"].phase == Phase.FAILED


@then("the workflow is in the Failed state")
def _(seen: Seen) -> None:
    execution = seen["execution"]
    assert execution.phase == Phase.FAILED
    assert execution.failed_at is not None and execution.failure_reason
    assert execution.retry_count == 3


@then('I receive the notification "Step failed after multiple attempts"')
def _(sarah: User) -> None:
    notification = Notification.objects.get(user=sarah)
    assert notification.event.name == "WORKFLOW_STEP_FAILED"
    client = Client()
    client.force_login(sarah)
    assert "Step failed after multiple attempts" in client.get("/inbox/").content.decode()


@then("I can manually retry it")
def _(seen: Seen) -> None:
    assert Event.objects.get(name="WORKFLOW_STEP_FAILED").payload["can_retry"] is True


@then(parsers.re(r"I (?P<can>can|cannot) skip it"))
def _(seen: Seen, sarah: User, drive: Drive, can: str) -> None:
    execution = seen["execution"]
    assert Event.objects.get(name="WORKFLOW_STEP_FAILED").payload["can_skip"] is (can == "can")
    if can == "cannot":
        with pytest.raises(Refused, match="required"):
            decisions.skip(execution.pk, sarah)
        decisions.retry(execution.pk, sarah)
        assert Execution.objects.get().phase == Phase.PENDING
    else:
        decisions.skip(execution.pk, sarah)
        assert drive(execution).phase == Phase.COMPLETED


@given("a workflow in the Failed state after a step that succeeded")
def _(service: Service, sarah: User, drive: Drive, seen: Seen) -> None:
    service.broken.add("/second")
    tasks = f"do: [{{first: {task(service, '/first')}}}, {{second: {task(service, '/second')}}}]\n"
    seen["execution"] = drive(begin(sarah, tasks))
    assert seen["execution"].phase == Phase.FAILED
    assert service.asked["/first"] == 1


@given("the cause of the failure is gone")
def _(service: Service) -> None:
    service.broken.clear()


@given("its last checkpoint was tampered with")
def _() -> None:
    Step.objects.filter(path="/first").update(output={"done": "forged"})


@when("I send POST /api/v1/workflows/{id}/recover")
def _(sarah: User, seen: Seen) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(sarah)
    seen["journal"] = list(Step.objects.order_by("id").values())
    address = f"/api/v1/workflows/{seen['execution'].public_id}/recover"
    seen["response"] = client.post(address, content_type="application/json")


@then("the answer is 200 and names the last checkpoint")
def _(seen: Seen) -> None:
    assert seen["response"].status_code == 200, seen["response"].content
    body = seen["response"].json()
    assert body["execution_id"] == seen["execution"].public_id
    assert body["checkpoint_seq"] == Step.objects.get(path="/first").seq
    assert body["resumed_from"]


@then("the workflow resumes from the safe state and completes")
def _(drive: Drive, seen: Seen) -> None:
    assert drive(seen["execution"]).phase == Phase.COMPLETED


@then("the step that had succeeded did not run again")
def _(service: Service) -> None:
    assert service.asked["/first"] == 1


@then("I am notified of the recovery")
def _(sarah: User) -> None:
    event = Event.objects.get(name="WORKFLOW_RECOVERED")
    assert set(event.payload) == {
        "workflow_id",
        "workflow_definition_id",
        "execution_id",
        "resumed_from",
        "timestamp",
    }
    assert event.notifications.get().user == sarah


@then("the answer is 500 and the workflow is unchanged but marked for a person")
def _(seen: Seen) -> None:
    response = seen["response"]
    assert (response.status_code, response["Content-Type"]) == (500, "application/problem+json")
    assert list(Step.objects.order_by("id").values()) == seen["journal"]
    execution = Execution.objects.get()
    assert (execution.phase, execution.requires_manual_intervention) == (Phase.FAILED, True)


@then("the list of workflows that need attention shows it to an administrator")
def _(seen: Seen) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("ada"))
    answer = client.get("/api/v1/admin/workflows/failed").json()
    assert seen["execution"].public_id in str(answer)


@then("support can restore it from a checkpoint and it completes")
def _(service: Service, support: User, drive: Drive, seen: Seen) -> None:
    service.broken.clear()
    broken = examine(Execution.objects.get())
    assert broken is not None
    restore(
        seen["execution"].pk,
        support,
        broken.last_good_seq,
        reason="The recorded result was forged.",
    )
    ended = drive(seen["execution"])
    assert ended.phase == Phase.COMPLETED
    assert examine(ended) is None


# A whole server, killed and started again
# -----------------------------------------------------------------------------


class Server:
    """One installation over several lives, on the database that this run of the tests is on."""

    def __init__(self, home: Path, stack: ExitStack) -> None:
        self.home = home
        self.settings = {"STIGMER_HTTP_ALLOWED_HOSTS": "127.0.0.1", "STIGMER_DEMO": "false"}
        self._stack = stack
        if TEST_DATABASE == "postgres":
            server = psycopg.connect(
                host=str(TEST_FOLDER / "postgres"), user="postgres", autocommit=True
            )
            stack.callback(server.close)
            stack.callback(server.execute, "DROP DATABASE IF EXISTS feature WITH (FORCE)")
            server.execute("CREATE DATABASE feature")
            self.settings["DATABASE_URL"] = (
                f"postgresql://postgres@/feature?host={TEST_FOLDER / 'postgres'}"
            )

    def begin(self) -> LiveStigmer:
        return self._stack.enter_context(stigmer_up(self.home, **self.settings))

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        if TEST_DATABASE == "postgres":
            with psycopg.connect(self.settings["DATABASE_URL"]) as connected:
                return connected.execute(sql).fetchall()
        database = sqlite3.connect(
            f"file:{self.home / 'stigmer.sqlite3'}?mode=ro", uri=True, timeout=10
        )
        try:
            return database.execute(sql).fetchall()
        finally:
            database.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with ExitStack() as stack:
        yield Server(tmp_path / "home", stack)


@given("a running server with a workflow in the middle of its second step")
def _(server: Server, service: Service, seen: Seen) -> None:
    seen["live"] = server.begin()
    service.late["/second"] = 1
    call = f"{{call: http, with: {{method: get, endpoint: '{service.url}"
    text = f"{HEAD}do: [{{first: {call}/first'}}}}}}, {{second: {call}/second'}}}}}}]\n"
    subprocess.run(
        [sys.executable, "-m", "tests.features.start_one"],
        cwd=ROOT,
        input=text,
        text=True,
        check=True,
        capture_output=True,
        env=environment(
            server.home, DJANGO_SETTINGS_MODULE="stigmer_site.settings", **server.settings
        ),
    )
    until(lambda: service.asked["/second"] == 1, what="the second step has begun")


@when("every process of the server is killed and the server comes back online")
def _(server: Server, seen: Seen) -> None:
    kill(seen["live"].everything())
    seen["live"].process.wait()
    server.begin()


@then("the incomplete workflow is detected")
def _(server: Server) -> None:
    boots = "SELECT is_clean, incomplete_count FROM executions_boot ORDER BY id"
    until(
        lambda: server.ask(boots) == [(1, 0), (0, 1)],
        what="the second start came after a crash and found one",
    )


@then("recovery is attempted automatically and the workflow completes")
def _(server: Server) -> None:
    until(
        lambda: server.ask("SELECT phase FROM executions_execution") == [("COMPLETED",)],
        what="it completes",
    )
    audited = server.ask("SELECT verb, outcome, actor_name FROM executions_auditentry")
    assert audited == [("automatic recovery", "done", "system")]


@then("I am notified of the recovery status")
def _(request: pytest.FixtureRequest, seen: Seen) -> None:
    if "live" in seen:
        told = request.getfixturevalue("server").ask(
            "SELECT e.name FROM executions_notification n JOIN executions_event e ON e.id ="
            " n.event_id"
        )
        assert told == [("WORKFLOW_RECOVERED",)]
    else:
        names = Notification.objects.values_list("event__name", flat=True)
        assert set(names) == {"WORKFLOW_STEP_FAILED", "WORKFLOW_RECOVERY_FAILED"}
