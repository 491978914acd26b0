"""An attempt without progress on the page of its run: it is said, and answered by a button."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions import clock
from executions.models import Execution, Process, Stall, Step
from executions.states import StepStatus

As = Callable[[User], Client]
pytestmark = pytest.mark.database


@pytest.fixture
def stall(begin: Callable[..., Execution], worker: Process) -> Stall:
    """Of the second attempt of a run that somebody drives."""
    run, now = begin(), clock.now()
    Execution.objects.filter(pk=run.pk).update(
        phase="IN_PROGRESS", process=worker, wake_at=None, started_at=now, current_step="/pay"
    )
    step = Step.objects.create(
        execution=run,
        path="/pay",
        name="pay",
        kind="call",
        status=StepStatus.RUNNING,
        attempt=2,
        started_at=now,
    )
    return Stall.objects.create(
        execution=run,
        step=step,
        number=2,
        began_at=now - timedelta(minutes=5),
        told_at=now,
        ends_at=now + timedelta(hours=1),
    )


def test_its_page_says_so_and_its_buttons_keep_waiting_and_break_it_off(
    stall: Stall, alice: User, as_: As
) -> None:
    client, page = as_(alice), f"/executions/{stall.execution.public_id}/"
    shown = client.get(page).content.decode()
    assert "Attempt 2 of <strong>pay</strong> has shown no progress" in shown
    assert "do/keep-waiting" in shown and "do/break-off" in shown
    seq = {"seq": stall.execution.head_seq}
    assert client.post(f"{page}do/keep-waiting", seq).status_code == 302
    stall.refresh_from_db()
    assert stall.is_quiet and stall.break_off_at is None
    shown = client.get(page).content.decode()
    assert "waits on" in shown and "do/keep-waiting" not in shown
    seq = {"seq": Execution.objects.get(pk=stall.execution_id).head_seq}
    assert client.post(f"{page}do/break-off", seq).status_code == 302
    stall.refresh_from_db()
    assert stall.break_off_at is not None
    names = stall.execution.events.values_list("name", flat=True)
    assert {"WORKFLOW_KEPT_WAITING", "WORKFLOW_ATTEMPT_BROKEN_OFF"} <= {*names}


def test_what_cannot_be_broken_off_says_why_and_support_breaks_nothing_off(
    stall: Stall, alice: User, support: User, as_: As
) -> None:
    page = f"/executions/{stall.execution.public_id}/"
    assert as_(support).post(f"{page}do/break-off", {"seq": 0}).status_code == 403
    Stall.objects.update(why_not="It runs in a thread.")
    assert "It runs in a thread." in as_(alice).get(page).content.decode()
    seq = {"seq": stall.execution.head_seq}
    refused = as_(alice).post(f"{page}do/break-off", seq)
    assert refused.status_code == 409
    stall.refresh_from_db()
    assert stall.break_off_at is None
