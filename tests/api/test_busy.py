"""A database that another session has locked: who asks for something is told so, in bounded time
and in true words.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models.functions import Now
from django.test import Client

from executions.errors import Refused
from executions.intake import readiness
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import Execution, IdempotentRequest, Process, Workflow
from executions.models.unheard import unheard
from executions.verbs.deciding import control
from tests.troubles import locked

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]
TEXT = (
    "document: {dsl: '1.0.0', namespace: tests, name: one, version: '1.0.0'}\ndo: [{a: {set: {n:"
    " 1}}}]\n"
)
EVERYTHING = (
    "LOCK TABLE executions_execution, executions_process, executions_step IN EXCLUSIVE MODE"
)
LONGEST_SECONDS = 15.0


@pytest.fixture
def alice() -> User:
    return User.objects.create_user("alice")


@pytest.fixture
def workflow(alice: User) -> Workflow:
    return apply_definition(TEXT, alice).workflow


@pytest.fixture
def browser(alice: User) -> Client:
    client = Client()
    client.force_login(alice)
    return client


@pytest.fixture
def worker() -> Process:
    return Process.objects.create(kind="worker", host="elsewhere", pid=1)


@pytest.fixture
def unheard_worker(worker: Process) -> Process:
    """Locked out for longer than its heartbeat may be late."""
    Process.objects.update(heartbeat_at=Now() - timedelta(minutes=1))
    return worker


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The bound of who asks is what is tried, not how long it is."""
    monkeypatch.setattr("executions.models.transactions.TRIES_SECONDS", 1.0)
    yield


def run(client: Client, workflow: Workflow, **headers: str) -> Any:
    return client.post(
        f"/api/v1/workflows/{workflow.public_id}/run",
        {"input": {}},
        "application/json",
        headers=headers or None,
    )


def test_starting_a_run_says_that_the_database_is_busy_and_never_that_no_worker_lives(
    browser, workflow, unheard_worker, quick
):
    with locked(EVERYTHING):
        began = time.monotonic()
        answer = run(browser, workflow)
        seconds = time.monotonic() - began
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    problem = answer.json()
    assert "The database is busy: another session" in problem["detail"]
    assert "No worker" not in answer.content.decode()
    assert "goes on by itself" in problem["remedy"]
    assert seconds < LONGEST_SECONDS
    assert not Execution.objects.exists()


def test_starting_a_run_says_so_too_while_heartbeats_are_fresh_and_the_same_key_works_afterwards(
    browser, workflow, worker, quick
):
    with locked(EVERYTHING):
        answer = run(browser, workflow, **{"Idempotency-Key": "k-1"})
    assert answer.status_code == 503
    assert "busy" in answer.json()["detail"]
    assert int(answer.headers["Retry-After"]) > 0
    assert run(browser, workflow, **{"Idempotency-Key": "k-1"}).status_code == 202
    assert IdempotentRequest.objects.count() == 1


def test_the_page_that_starts_a_run_says_the_same(browser, workflow, unheard_worker, quick):
    with locked(EVERYTHING):
        answer = browser.post(
            f"/workflows/{workflow.public_id}/run", {"input": "{}", "key": "0" * 32}
        )
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    text = answer.content.decode()
    assert "busy" in text
    assert "No worker" not in text


def test_after_it_a_worker_that_could_not_beat_yet_is_not_called_dead(
    browser, workflow, unheard_worker
):
    answer = run(browser, workflow)
    assert answer.status_code == 503
    assert "though 1 may live" in answer.json()["detail"]


def test_a_persons_verb_is_refused_in_bounded_time_with_what_is_the_matter(alice, workflow, quick):
    execution = start(workflow, alice, input={})
    with locked(EVERYTHING):
        began = time.monotonic()
        with pytest.raises(Refused) as refused:
            control.cancel(execution.pk, alice)
        assert time.monotonic() - began < LONGEST_SECONDS
    assert refused.value.code == "unavailable"
    assert "busy: another session holds a lock" in refused.value.message
    assert control.cancel(execution.pk, alice) == "CANCELLED"


def test_readiness_names_the_lock_and_not_the_workers_that_cannot_write(client, unheard_worker):
    with locked(EVERYTHING):
        answer = client.get("/readyz")
    checks = {check["name"]: check for check in answer.json()["checks"]}
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert checks["database"]["detail"].startswith("The database is busy: another session")
    assert "No worker" not in answer.content.decode()
    if connection.vendor == "postgresql":
        assert "pg_terminate_backend" in checks["database"]["remedy"]
    assert client.get("/healthz").status_code == 200


def test_pages_go_on_being_read_and_say_what_keeps_workers_from_being_heard(
    browser, alice, workflow, unheard_worker
):
    execution = start(workflow, alice, input={})
    with locked(EVERYTHING):
        for page in ("/", f"/executions/{execution.public_id}/", "/workers/"):
            answer = browser.get(page)
            assert answer.status_code == 200
            assert "The database is busy: another session" in answer.content.decode(), page
            assert "No worker is alive" not in answer.content.decode(), page


def test_where_nobody_is_there_that_is_what_is_said():
    nobody = unheard()
    assert nobody is not None
    assert (nobody.said, nobody.may_live) == ("No worker is alive", False)
    with pytest.raises(Refused, match="No worker is alive"):
        readiness.require_queue()
