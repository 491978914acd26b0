"""People with tokens, a living worker, runs in every state, and a client that speaks JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import redis
from django.contrib.auth.models import Group, User
from django.test import Client

from executions import policy, tokens
from executions.driving.attempts.running import Running
from executions.driving.driver import advance
from executions.driving.store import Here
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import Execution, Process, Workflow

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

BASE = "/api/v1"
USUAL = ("run", "act")
HEAD = "document: {dsl: '1.0.0', namespace: tests, name: %s, version: '1.0.0'}\n"
GOOD = "do:\n- first: {set: {n: 1}}\n- last: {set: {n: 2}}\n"
FAILING = """
do:
- first: {set: {n: 1}}
- bad:
    raise: {error: {type: "https://example.org/bad", status: 400, title: Bad, detail: No stock}}
    metadata: {optional: %s}
- last: {set: {n: 2}}
"""


@dataclass(frozen=True, slots=True)
class Caller:
    """Calls the API in the name of one person, with a token unless told otherwise."""

    user: User | None
    secret: str = ""

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        if self.secret:
            headers.setdefault("Authorization", f"Bearer {self.secret}")
        path = path if path.startswith("/") else f"{BASE}/{path}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content_type = named.pop("Content-Type", "application/json")
        data = body if isinstance(body, str | bytes) else "" if body is None else json.dumps(body)
        client = Client(raise_request_exception=False)
        return client.generic(method, path, data, content_type=content_type, headers=named)

    def get(self, path: str, **headers: str) -> Response:
        return self("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Response:
        return self("POST", path, body, **headers)


def caller_of(user: User, *scopes: str) -> Caller:
    usual = ("admin",) if user.is_superuser else ("read",) if policy.is_viewer(user) else USUAL
    scopes = scopes or usual
    return Caller(user, tokens.mint(user, "tests", scopes).secret)


@pytest.fixture(autouse=True)
def fresh_rates(redis_client: redis.Redis) -> None:
    """The buckets are in Redis, which is empty now."""


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user("alice", password="secret-alice")


@pytest.fixture
def people(alice: User) -> dict[str, Caller]:
    """By role towards what alice owns."""
    bob = User.objects.create_user("bob")
    sue = User.objects.create_user("sue")
    sue.groups.add(Group.objects.get_or_create(name=policy.SUPPORT_GROUP)[0])
    vera = User.objects.create_user("vera")
    vera.groups.add(Group.objects.get_or_create(name=policy.VIEWERS_GROUP)[0])
    ada = User.objects.create_superuser("ada")
    callers = {"owner": alice, "stranger": bob, "viewer": vera, "support": sue, "admin": ada}
    return {"anonymous": Caller(None)} | {role: caller_of(user) for role, user in callers.items()}


@pytest.fixture
def owner(people: dict[str, Caller]) -> Caller:
    return people["owner"]


@pytest.fixture
def worker(db: None) -> Process:
    """A worker that lives, so that runs are accepted."""
    return Process.objects.create(kind="worker", host="test", pid=1, slots=1)


@pytest.fixture
def workflow(alice: User) -> Workflow:
    return apply_definition(HEAD % "orders" + GOOD, alice).workflow


@pytest.fixture
def drive(worker: Process) -> Callable[[Execution], Execution]:
    """Drive as far as it goes."""

    def driven(execution: Execution) -> Execution:
        running = Running()
        while advance(execution.pk, process_id=worker.pk, store=Here(), running=running):
            pass
        return Execution.objects.get(pk=execution.pk)

    return driven


@pytest.fixture
def failed(alice: User, drive: Callable[[Execution], Execution]) -> Callable[..., Execution]:
    """``failed()``: a run of alice's that failed at its second task; ``optional=True`` lets it be
    skipped.
    """

    def made(*, optional: bool = False) -> Execution:
        text = HEAD % ("skippable" if optional else "failing") + FAILING % str(optional).lower()
        return drive(start(apply_definition(text, alice).workflow, alice, input={}))

    return made


def problem(response: Response, status: int, name: str) -> dict[str, Any]:
    """The body of a problem, which it has to be."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = json.loads(response.content)
    assert body["type"] == f"/problems/{name}"
    assert body["status"] == status
    assert body["correlation_id"] == response["X-Correlation-ID"]
    assert body["title"] and body["detail"] and body["remedy"]
    return body
