"""Workers that an administrator has take nothing new."""

from __future__ import annotations

import uuid

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions.errors import Refused
from executions.health.checks import State, check_workers
from executions.intake.readiness import require_queue
from executions.models import AuditEntry, Process
from executions.models.unheard import unheard
from executions.recovery import draining

pytestmark = [pytest.mark.database, pytest.mark.django_db]


@pytest.fixture
def admin() -> User:
    return User.objects.create_superuser("root")


def living(pid: int = 1, host: str = "north") -> Process:
    return Process.objects.create(kind="worker", host=host, pid=pid, slots=4)


def test_drained_and_resumed_is_said_once_each_in_the_trail(admin):
    worker = living()
    first = draining.drain(worker.pk, admin)
    assert draining.drain(worker.pk, admin).drained_at == first.drained_at is not None
    assert draining.resume(worker.pk, admin).drained_at is None
    draining.resume(worker.pk, admin)
    told = AuditEntry.objects.filter(subject=worker.public_id).order_by("id")
    assert [entry.verb for entry in told] == ["drain worker", "resume worker"]
    assert {entry.actor for entry in told} == {admin}


def test_nobody_but_an_administrator_drains(admin):
    worker = living()
    with pytest.raises(Refused, match="Administrators alone"):
        draining.drain(worker.pk, User.objects.create_user("alice"))
    worker.declare_dead("silent")
    with pytest.raises(Refused, match="has ended"):
        draining.drain(worker.pk, admin)
    alone = Process.objects.create(kind="alone", host="north", pid=2)
    for key in (alone.pk, uuid.uuid4()):
        with pytest.raises(Refused, match="no such worker"):
            draining.drain(key, admin)
    assert not Process.objects.exclude(drained_at=None).exists()


def test_while_one_takes_work_nobody_is_missed(admin):
    draining.drain(living(1).pk, admin)
    assert unheard() is not None
    living(2)
    assert unheard() is None
    assert check_workers().detail == "1 alive, 1 drained"


def test_where_all_are_drained_every_door_says_so(admin):
    for pid in (1, 2):
        draining.drain(living(pid).pk, admin)
    nobody = unheard()
    assert nobody is not None
    assert nobody.said == "All 2 workers are drained and take nothing new"
    check = check_workers()
    assert (check.state, check.figure) == (State.FAILED, 0)
    assert "drained" in check.detail and "workers resume" in check.remedy
    with pytest.raises(Refused, match="All 2 workers are drained") as refused:
        require_queue()
    assert "Resume" in refused.value.remedy or "resume" in refused.value.remedy
    assert "stigmer_drained_workers 2" in metrics(admin)


def test_a_run_bound_to_a_host_hears_of_the_workers_there(admin):
    draining.drain(living(1, "south").pk, admin)
    living(2, "north")
    assert unheard() is None and unheard(host="north") is None and unheard(host="west") is None
    nobody = unheard(host="south")
    assert nobody is not None and "on the host south" in nobody.said


def metrics(admin: User) -> str:
    client = Client()
    client.force_login(admin)
    return client.get("/metrics").content.decode()


def test_the_api_lists_workers_page_by_page(admin):
    for pid in (1, 2):
        living(pid)
    client = Client()
    client.force_login(admin)
    first = client.get("/api/v1/workers?limit=1").json()
    (worker,) = first["items"]
    assert (worker["pid"], worker["held"], worker["drained_at"]) == (2, 0, None)
    second = client.get("/api/v1/workers", {"limit": 1, "cursor": first["next_cursor"]}).json()
    assert [each["pid"] for each in second["items"]] == [1] and second["next_cursor"] is None
