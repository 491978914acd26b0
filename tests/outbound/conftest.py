"""A sink, its receiver, and what a worker does with both."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from executions import clock
from executions.models import Channel
from executions.outbound import channels, deriving
from tests.driving.conftest import alice, begin, known_functions  # noqa: F401
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
