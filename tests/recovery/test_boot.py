"""A start of the whole installation: what it found unfinished, and what has become of that
since.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from executions.driving.lease import claim
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import Boot, Event, Execution, Process, Step
from executions.recovery.boot import SinceStart, note_start, since_start
from executions.recovery.registration import register
from executions.states import Phase
from executions.verbs.deciding import decisions
from tests.driving.crashing import drive_and_die, drive_on
from tests.driving.texts import call

pytestmark = [pytest.mark.database, pytest.mark.django_db]
HEAD = "document: {dsl: '1.0.0', namespace: t, name: %s, version: '1.0.0'}\n"
Begin = Callable[..., Execution]


@pytest.fixture(autouse=True)
def known_functions(settings: Any) -> None:
    settings.STIGMER_FUNCTION_MODULES = ["tests.driving.functions"]


@pytest.fixture
def begin(tmp_path: Path) -> Begin:
    """``begin("note")``: a finished step, then one with this effect; its process dies after the
    second has begun.
    """

    def begun(effect: str = "note", owner: str = "alice") -> Execution:
        user, _ = User.objects.get_or_create(username=owner)
        path = str(tmp_path / "ledger")
        first = call("note", ledger=path, line="a")
        fails = call("fails", ledger=path, times=9, transient=False)
        second = fails if effect == "fails" else call(effect, ledger=path, line="b")
        text = (
            HEAD % f"{effect}-{owner}".replace("_", "-")
            + f"do: [{{a: {first}}}, {{b: {second}}}]\n"
        )
        return start(apply_definition(text, user).workflow, user, input={})

    return begun


def interrupted(execution: Execution) -> Execution:
    """As a process left it that died with its second step begun."""
    assert drive_and_die(execution, 4)
    assert Step.objects.filter(execution=execution, path="/b", finished_at=None).exists()
    return execution


def counts() -> tuple[int, int, int]:
    shown = since_start(Execution.objects.all())
    assert isinstance(shown, SinceStart)
    return shown.recovered, shown.waiting, shown.need_person


def test_a_start_after_a_crash_is_kept_with_what_was_unfinished(begin: Begin) -> None:
    execution = begin()
    gone = subprocess.Popen([sys.executable, "-c", ""])
    crashed = register("worker")
    Process.objects.filter(pk=crashed.pk).update(pid=gone.pid, process_started="1")
    gone.wait()
    claim(execution.pk, crashed.pk)
    boot = note_start(register("worker"))
    assert boot is not None
    assert (boot.is_clean, boot.incomplete_count) == (False, 1)
    assert note_start(register("worker")) is None, "another one lives"
    assert counts() == (0, 1, 0)


def test_the_first_start_is_clean_and_there_is_nothing_to_say() -> None:
    assert since_start(Execution.objects.all()) is None
    note_start(register("worker"))
    assert Boot.objects.get().is_clean
    shown = since_start(Execution.objects.all())
    assert shown is not None and not shown.is_worth_saying()


def test_each_run_counts_once_as_what_has_become_of_it(begin: Begin) -> None:
    whole, broken, doubtful, left = (
        interrupted(begin(*each))
        for each in (("note", "ann"), ("note", "bob"), ("note_once", "cleo"), ("note", "dan"))
    )
    note_start(register("worker"))
    assert counts() == (0, 4, 0)
    assert drive_on(whole).phase == Phase.COMPLETED
    assert counts() == (1, 3, 0)
    Step.objects.filter(execution=broken, path="/a").update(output={"forged": True})
    assert drive_on(broken).phase == Phase.FAILED
    assert counts() == (1, 2, 1)
    assert drive_on(doubtful).waiting_for == "decision", (
        "recovered, and a person has to say whether it happened"
    )
    assert counts() == (1, 1, 2)
    drive_on(left)
    assert counts() == (2, 0, 2)
    mine = since_start(Execution.objects.filter(owner__username="bob"))
    assert mine is not None and (mine.recovered, mine.waiting, mine.need_person) == (0, 0, 1)


def test_what_was_recovered_before_the_start_is_not_counted(begin: Begin) -> None:
    drive_on(interrupted(begin()))
    Event.objects.filter(name="WORKFLOW_RECOVERED").update(
        created_at=timezone.now() - timedelta(minutes=1)
    )
    Boot.objects.create(host="here", version="1", is_clean=True, incomplete_count=0)
    assert counts() == (0, 0, 0)


def test_what_a_person_recovered_is_not_counted(begin: Begin) -> None:
    Boot.objects.create(host="here", version="1", is_clean=True, incomplete_count=0)
    execution = drive_on(interrupted(begin("fails")))
    Event.objects.all().delete()
    decisions.recover(execution.pk, execution.owner)
    assert counts() == (0, 0, 0)
