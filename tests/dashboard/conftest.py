"""People, a workflow that fails when told to, and executions that were really driven."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from executions.driving.attempts.running import Running
from executions.driving.driver import advance
from executions.driving.store import Here
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.live import broadcast
from executions.models import Execution, Process, Workflow
from executions.policy import SUPPORT_GROUP, VIEWERS_GROUP

HEAD = "document: {dsl: '1.0.0', namespace: tests, name: %s, version: '1.0.0'}\n"
FAILS = """
do:
  - prepare: {set: {ready: true}}
  - charge:
      metadata: {optional: %s}
      raise: {error: {type: 'https://example.org/no-funds', status: 402, title: No funds, detail: %s}}
"""
WORKS = "do:\n  - greet: {set: {message: hello}}\n"


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user("alice", password="secret-alice")


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob", password="secret-bob")


@pytest.fixture
def support(db: None) -> User:
    user = User.objects.create_user("sue", password="secret-sue")
    user.groups.add(Group.objects.get_or_create(name=SUPPORT_GROUP)[0])
    return user


@pytest.fixture
def viewer(db: None) -> User:
    user = User.objects.create_user("vera", password="secret-vera")
    user.groups.add(Group.objects.get_or_create(name=VIEWERS_GROUP)[0])
    return user


@pytest.fixture
def admin(db: None) -> User:
    return User.objects.create_superuser("ada", password="secret-ada")


@pytest.fixture
def worker(db: None) -> Process:
    """A worker that lives, as far as the database knows."""
    return Process.objects.create(kind="worker", host="test", pid=1, slots=1)


@pytest.fixture
def as_() -> Callable[[User], Client]:
    """``as_(user)`` is a browser in which this user is logged in."""

    def logged_in(user: User) -> Client:
        client = Client(enforce_csrf_checks=False)
        client.force_login(user)
        return client

    return logged_in


@pytest.fixture
def process(db: None) -> Process:
    return Process.objects.create(kind="worker", host="test", pid=1, slots=1)


@pytest.fixture
def workflow(alice: User) -> Workflow:
    return apply_definition(HEAD % "works" + WORKS, alice).workflow


@pytest.fixture
def begin(alice: User) -> Callable[..., Execution]:
    """``begin()`` starts a run that works; ``begin(fails=…)`` one that fails with this text."""

    def begun(
        fails: str = "", optional: bool = False, owner: User = alice, input: Any = None
    ) -> Execution:
        tasks = FAILS % (str(optional).lower(), repr(fails)) if fails else WORKS
        name = f"{'fails' if fails else 'works'}-{owner.username}"
        applied = apply_definition(HEAD % name + tasks, owner)
        return start(applied.workflow, owner, input={} if input is None else input)

    return begun


@pytest.fixture
def drive(process: Process) -> Callable[[Execution], Execution]:
    """Drive as far as it goes, here and now."""

    def driven(execution: Execution) -> Execution:
        running = Running()
        while advance(execution.pk, process_id=process.pk, store=Here(), running=running):
            pass
        return Execution.objects.get(pk=execution.pk)

    return driven


@pytest.fixture
def failed(begin: Callable[..., Execution], drive: Callable[[Execution], Execution]) -> Execution:
    return drive(begin(fails="the till is empty"))


@pytest.fixture
def asked(alice: User, drive: Callable[[Execution], Execution]) -> Callable[..., Execution]:
    """``asked({"prompt": …})``: a run of alice's that waits for an answer; of bob, unless others
    are named.
    """

    def asking(given: dict[str, Any] | None = None, owner: User = alice) -> Execution:
        call = {"prompt": "Ship it?", "approvers": {"users": ["bob"]}, **(given or {})}
        tasks = [{"ask": {"call": "human", "with": call}}, {"after": {"set": {"went": "on"}}}]
        text = f"{HEAD % f'asks-{owner.username}'}do: {json.dumps(tasks)}"
        workflow = apply_definition(text, owner).workflow
        return drive(start(workflow, owner, input={}))

    return asking


@pytest.fixture
def announcing() -> Iterator[None]:
    """This process announces its changes through the real channel layer."""
    broadcast.start()
    yield
    broadcast.stop()
