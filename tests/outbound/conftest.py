"""A sink, its receiver, and what a worker does with both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from executions import clock
from executions.models import Channel, Execution, Sending
from executions.outbound import channels, deriving, pacing, telling
from tests.driving.conftest import alice, begin, known_functions  # noqa: F401
from tests.driving.crashing import drive_on
from tests.driving.texts import call, tasks
from tests.outbound.receiver import Receiver


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.STIGMER_HTTP_ALLOWED_HOSTS = ["127.0.0.1"]
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def admin(db: None) -> User:
    return User.objects.create_superuser("root")


@pytest.fixture
def sink(admin: User, receiver: Receiver) -> Channel:
    """One that wants all, and hears what happened a moment ago too."""
    made = channels.create(admin, channels.Wanted("all", receiver.url))
    Channel.objects.update(hears_from=clock.now() - timedelta(seconds=5))
    made.refresh_from_db()
    return made


def tell() -> None:
    """What a worker does when it looks."""
    while deriving.derive(lambda work: work(), deriving.sinks()):
        pass


def told(channel: Channel) -> list[str]:
    """The types of what was written for a sink, in the order in which it is sent."""
    types = channel.sendings.order_by("pk").values_list("type", flat=True)
    return [type_.removeprefix("io.serverlessworkflow.").removesuffix(".v1") for type_ in types]


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob")


@pytest.fixture
def fails(begin: Any, tmp_path: Path) -> Callable[..., Execution]:  # noqa: F811
    """A run that fails at once, always for one cause in a workflow."""

    def failed(name: str = "run", workflow: str = "orders") -> Execution:
        text = call("fails", ledger=str(tmp_path / "ledger"), times=999, transient=False)
        execution = drive_on(begin(tasks(risky=text), name=workflow))
        Execution.objects.filter(pk=execution.pk).update(name=name)
        execution.refresh_from_db()
        return execution

    return failed


def gather(teller: telling.Teller | None = None) -> None:
    """What a worker does when it looks what inboxes got, and a few seconds later."""
    (teller or telling.Teller()).tell(lambda work: work(), telling.channels())
    now = clock.now()
    Sending.objects.filter(due_at__lte=now + pacing.GATHERED).update(due_at=now)
