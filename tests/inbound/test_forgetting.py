"""Events and what listens to them are forgotten in time, and not before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from executions import clock
from executions.inbound import forgetting, keeping
from executions.models import CloudEvent, Delivery, Execution, Subscription
from executions.states import Phase
from executions.verbs.deciding import control
from tests.driving.conftest import alice, begin, known_functions  # noqa: F401
from tests.driving.crashing import drive_on
from tests.driving.texts import tasks
from tests.inbound.matching import match_events

pytestmark = [pytest.mark.database, pytest.mark.django_db]
LISTENS = "{listen: {to: {any: [{with: {type: order}}], until: '${ length > 1 }'}}}"


def post(execution: Execution, id_: str) -> None:
    event = {"specversion": "1.0", "type": "order", "source": "/s", "id": id_, "data": id_}
    keeping.keep([event], execution.owner_id)
    match_events()


def grow_old(**ago: Any) -> None:
    CloudEvent.objects.update(received_at=clock.now() - timedelta(**ago))


def test_an_event_is_kept_for_a_day_and_known_for_a_week(begin):  # noqa: F811
    execution = begin(tasks(a=LISTENS))
    post(execution, "1")
    grow_old(hours=23)
    forgetting.forget()
    assert CloudEvent.objects.get().body is not None
    grow_old(hours=25)
    forgetting.forget()
    assert CloudEvent.objects.get().body is None
    (kept,) = keeping.keep(
        [{"specversion": "1.0", "type": "order", "source": "/s", "id": "1"}], execution.owner_id
    )
    assert kept.is_duplicate
    assert drive_on(execution).phase == Phase.WAITING
    grow_old(days=8)
    forgetting.forget()
    assert not CloudEvent.objects.exists()


def test_what_a_step_took_or_was_offered_is_kept_while_it_listens(begin):  # noqa: F811
    execution = drive_on(begin(tasks(a=LISTENS)))
    post(execution, "1")
    execution = drive_on(execution)
    grow_old(days=8)
    forgetting.forget()
    post(execution, "2")
    grow_old(days=8)
    forgetting.forget()
    assert drive_on(execution).output == ["1", "2"]
    forgetting.forget()
    assert not CloudEvent.objects.exists()


def test_a_step_that_has_ended_listens_no_more(begin, alice):  # noqa: F811
    execution = drive_on(begin(tasks(a=LISTENS)))
    post(execution, "1")
    control.cancel(execution.pk, alice)
    post(execution, "2")
    assert Delivery.objects.count() == 1
    forgetting.forget()
    assert not Delivery.objects.exists()
    assert not Subscription.objects.exists()


def test_the_sweep_forgets_now_and_then(begin, monkeypatch):  # noqa: F811
    post(begin(tasks(a=LISTENS)), "1")
    grow_old(days=8)
    monkeypatch.setattr(forgetting, "_next", 0.0)
    forgetting.go_on()
    assert not CloudEvent.objects.exists()
    assert forgetting._next > 0
