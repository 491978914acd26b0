"""People, and executions in the states that operators meet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from executions.driving.attempts.running import Running
from executions.driving.driver import advance
from executions.driving.store import Here
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import Execution, Process
from executions.policy import SUPPORT_GROUP

Make = Callable[..., Execution]
TEXT = "document: {dsl: '1.0.0', namespace: tests, name: %s, version: '1.0.0'}\n%s"
FAILING = (
    "do:\n- first: {set: {n: 1, note: '<script>alert(1)</script>'}}\n- bad: {raise: {error: {type:"
    " 'https://example.org/bad', status: 400, title: Bad, detail: No stock}}}\n"
)
OPTIONAL = FAILING.replace(
    "status: 400, title: Bad, detail: No stock}}}", "status: 400}}, metadata: {optional: true}}"
)


@pytest.fixture
def admin(db: None) -> User:
    return User.objects.create_superuser("admin", "admin@example.org", "secret-admin")


@pytest.fixture
def support(db: None) -> User:
    user = User.objects.create_user(
        "support", "support@example.org", "secret-support", is_staff=True
    )
    user.groups.add(Group.objects.get_or_create(name=SUPPORT_GROUP)[0])
    return user


@pytest.fixture
def owner(db: None) -> User:
    return User.objects.create_user("olga", "olga@example.org", "secret-olga")


@pytest.fixture
def as_user() -> Callable[[User], Client]:
    def logged_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return logged_in


@pytest.fixture
def make(owner: User) -> Make:
    """``make("do: …")``: an execution of these tasks, driven as far as it goes unless
    ``driven=False``.
    """
    process = Process.objects.create(kind="worker", host="test", pid=1, slots=1)

    def made(
        tasks: str = FAILING, *, name: str = "one", driven: bool = True, **more: Any
    ) -> Execution:
        applied = apply_definition(TEXT % (name, tasks), owner)
        execution = start(applied.workflow, owner, input=more.pop("input", {}), **more)
        while driven and advance(
            execution.pk, process_id=process.pk, store=Here(), running=Running()
        ):
            pass
        return Execution.objects.get(pk=execution.pk)

    return made
