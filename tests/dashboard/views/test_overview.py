"""What the overview says after a start that found something unfinished."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from executions.models import Boot, Execution
from executions.recovery.boot import note_start
from executions.recovery.registration import register
from tests.driving.crashing import drive_and_die, drive_on

As = Callable[[User], Client]
Begin = Callable[..., Execution]


@pytest.fixture
def restarted(begin: Begin, alice: User, bob: User) -> list[Execution]:
    """Alice's two and Bob's one were interrupted, one of hers has a broken journal; then everything
    started again.
    """
    left = [begin(), begin(), begin(owner=bob)]
    for execution in left:
        assert drive_and_die(execution, 2)
    Execution.objects.filter(pk=left[1].pk).update(head_digest="0" * 64)
    note_start(register("worker"))
    return left


def said(client: Client) -> str:
    """The banner in plain words; empty where there is none."""
    page = " ".join(client.get("/").content.decode().split())
    _, found, rest = page.partition("<strong>Started again")
    return "Started again" + rest.partition("</div>")[0] if found else ""


def test_the_banner_counts_what_was_recovered_what_waits_and_what_needs_a_person(
    restarted: list[Execution], alice: User, bob: User, admin: User, as_: As
) -> None:
    owner = as_(alice)
    assert "recovered 0, waiting 2, need you 0." in said(owner)
    for execution in restarted:
        drive_on(execution)
    banner = said(owner)
    assert "recovered 1, waiting 0, " in banner
    assert '<a href="/executions/?phase=attention">need you 1</a>.' in banner
    assert restarted[1].public_id in owner.get("/executions/?phase=attention").content.decode()
    assert "recovered 1, waiting 0, need you 0." in said(as_(bob)), "others' runs are none of his"
    assert "recovered 2, waiting 0, " in said(as_(admin))


def test_a_start_that_found_nothing_says_nothing_and_the_banner_goes_after_a_day(
    begin: Begin, alice: User, as_: As
) -> None:
    client = as_(alice)
    note_start(register("worker"))
    assert said(client) == ""
    execution = begin()
    assert drive_and_die(execution, 2)
    assert "waiting 1" in said(client)
    drive_on(execution)
    assert "recovered 1" in said(client)
    Boot.objects.update(at=timezone.now() - timedelta(hours=25))
    assert said(client) == ""


def test_it_says_whether_it_was_a_crash(restarted: list[Execution], alice: User, as_: As) -> None:
    assert "after a crash" not in said(as_(alice)), (
        "those who died were declared dead before this start"
    )
    Boot.objects.update(is_clean=False)
    assert "after a crash" in said(as_(alice))
