"""A web server among the processes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from executions.driving.crashes import STOPPED
from executions.models import Process
from executions.recovery import presence
from tests.waiting import until

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def present(settings) -> Iterator[None]:
    settings.STIGMER_HEARTBEAT_SECONDS = 0.05
    presence.begin()
    yield
    presence.end()


def test_it_is_known_while_it_serves_and_signs_off(settings):
    assert presence.here() is None
    presence.begin()
    process = presence.here()
    assert process is not None
    assert Process.objects.here().get(kind="web", dead_at=None) == process
    presence.end()
    assert presence.here() is None
    assert Process.objects.get(pk=process.pk).death == STOPPED


def test_declared_dead_it_signs_on_anew_and_goes_on(present):
    before = presence.here()
    assert before is not None and before.declare_dead("its heartbeat stopped")
    until(lambda: presence.here() not in (None, before), what="it has another row")
    assert Process.objects.get(dead_at=None) == presence.here()
