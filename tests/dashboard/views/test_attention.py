from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.models import User
from django.test import Client

from executions.models import Execution

As = Callable[[User], Client]


def test_support_sees_why_everybodys_runs_stopped(
    failed: Execution, support: User, as_: As
) -> None:
    page = as_(support).get("/attention/").content.decode()
    for part in (
        failed.public_id,
        "the till is empty",
        "step <bdi>charge</bdi>",
        "0 retries",
        "alice",
    ):
        assert part in page


def test_those_set_aside_have_a_list_of_their_own(failed: Execution, admin: User, as_: As) -> None:
    client = as_(admin)
    assert failed.public_id not in client.get("/attention/?kind=flagged").content.decode()
    Execution.objects.filter(pk=failed.pk).update(requires_manual_intervention=True)
    assert failed.public_id in client.get("/attention/?kind=flagged").content.decode()
    assert failed.public_id not in client.get("/attention/?kind=failed").content.decode()


def test_an_unknown_kind_is_all_of_them(failed: Execution, admin: User, as_: As) -> None:
    assert failed.public_id in as_(admin).get("/attention/?kind=nonsense").content.decode()
