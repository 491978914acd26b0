"""How long runs take, and what changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.contrib.auth.models import User
from django.test import Client

from dashboard.queries import figures
from executions import clock
from executions.models import Execution, Workflow
from executions.models.resource import Visibility

Begin = Callable[..., Execution]
Drive = Callable[[Execution], Execution]


def test_half_and_95_of_100_are_told_for_each_workflow(
    begin: Begin, drive: Drive, alice: User, bob: User
) -> None:
    now = clock.now()
    for seconds in (1, 2, 3, 40):
        run = drive(begin())
        Execution.objects.filter(pk=run.pk).update(
            started_at=now - timedelta(seconds=seconds), ended_at=now
        )
    drive(begin(owner=bob))
    told = figures.durations(alice)
    assert told is not None and told.runs == 4
    (each,) = told.by_subject
    assert (each.slug, each.runs) == ("works-alice", 4)
    assert (each.p50, each.p95) == (timedelta(seconds=2), timedelta(seconds=40))
    assert told.slowest[0].ended_at - told.slowest[0].started_at == timedelta(seconds=40)  # type: ignore[operator]


def test_what_changed_is_what_this_person_may_see(
    begin: Begin, alice: User, bob: User, as_: Callable[[User], Client]
) -> None:
    begin(), begin(owner=bob)
    Workflow.objects.filter(slug="works-bob").update(visibility=Visibility.PRIVATE)
    changes = figures.changes(alice)
    assert changes is not None and [change.what for change in changes] == ["works-alice v1"]
    page = as_(alice).get("/").content.decode()
    assert "works-alice v1" in page and "works-bob" not in page


def test_nobody_waits_where_nothing_is_due(begin: Begin, alice: User) -> None:
    assert figures.oldest_due() is None
    run = begin()
    Execution.objects.filter(pk=run.pk).update(wake_at=clock.now() - timedelta(minutes=5))
    assert figures.oldest_due() is not None
