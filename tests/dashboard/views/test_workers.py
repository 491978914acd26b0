"""The page of workers: what each drives, how long the oldest has waited."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from django.contrib.auth.models import User
from django.test import Client

from executions import clock
from executions.ids import public_id, uuid7
from executions.models import Execution, Load, Process

Begin = Callable[..., Execution]
As = Callable[[User], Client]


def driven_by(run: Execution, process: Process) -> None:
    Execution.objects.filter(pk=run.pk).update(
        phase="IN_PROGRESS", process=process, wake_at=None, started_at=clock.now()
    )


def test_what_a_worker_drives_is_named_for_those_who_may_see_it(
    begin: Begin, alice: User, bob: User, admin: User, worker: Process, as_: As
) -> None:
    run = begin()
    driven_by(run, worker)
    address = f"/executions/{run.public_id}/"
    assert address in as_(alice).get("/workers/").content.decode()
    page = as_(bob).get("/workers/").content.decode()
    assert address not in page and "1 of 1 slots" in page
    assert "Quarantines" in as_(admin).get("/workers/").content.decode()
    assert "Quarantines" not in page


def test_administrators_drain_and_resume_and_the_page_says_what_it_still_drives(
    begin: Begin, alice: User, admin: User, worker: Process, as_: As
) -> None:
    driven_by(run := begin(), worker)
    address = f"/workers/{worker.public_id}"
    assert "Drain worker 1" not in as_(alice).get("/workers/").content.decode()
    assert as_(alice).post(f"{address}/drain").status_code == 403
    assert "Drain worker 1" in as_(admin).get("/workers/").content.decode()
    page = as_(admin).post(f"{address}/drain", follow=True).content.decode()
    assert "it takes nothing new and finishes 1 run." in page and "Resume worker 1" in page
    assert "The only worker is drained and takes nothing new." in page
    said = as_(alice).get(f"/executions/{run.public_id}/").content.decode()
    assert "The only worker is drained" not in said
    waits = begin()
    said = as_(alice).get(f"/executions/{waits.public_id}/").content.decode()
    assert "The only worker is drained and takes nothing new." in said
    page = as_(admin).post(f"{address}/resume", follow=True).content.decode()
    assert "Drain worker 1" in page and "nothing new" not in page.partition("<main")[2].replace(
        "A drained worker takes nothing new", ""
    )


def test_the_load_of_the_day_is_drawn_with_a_table_behind(
    alice: User, worker: Process, as_: As
) -> None:
    assert "Age of the queue" not in as_(alice).get("/workers/").content.decode()
    hour = clock.now().replace(minute=0, second=0, microsecond=0)
    for back, held in ((3, 5), (2, 7)):
        Load.objects.create(
            at=hour - timedelta(hours=back),
            slots=8,
            held=held,
            waiting=held * 10,
            oldest_seconds=held * 60,
            of_workers={worker.pk.hex: held},
        )
    page = as_(alice).get("/workers/").content.decode()
    assert "at most 7 of 8 slots" in page and "at most 420 s" in page
    assert page.count('<rect class="held"') == page.count('<rect class="waited"') == 2
    assert "7 8 70 420" in " ".join(re.findall(r"<td>(\d+)</td>", page))
    assert "Drove at most 7 at one time in the last day" in page


def test_what_is_no_worker_is_not_found(admin: User, worker: Process, as_: As) -> None:
    for address in (
        f"{worker.public_id}/stop",
        "wrk-0/drain",
        f"{public_id('wrk', uuid7())}/drain",
    ):
        assert as_(admin).post(f"/workers/{address}").status_code == 404
    worker.declare_dead("silent")
    answer = as_(admin).post(f"/workers/{worker.public_id}/drain")
    assert answer.status_code == 409 and "This worker has ended" in answer.content.decode()


def test_the_age_of_the_queue_is_said(begin: Begin, alice: User, as_: As) -> None:
    run = begin()
    Execution.objects.filter(pk=run.pk).update(wake_at=clock.now() - timedelta(minutes=5))
    assert "the oldest for" in as_(alice).get("/workers/").content.decode()
