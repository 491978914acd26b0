"""Who may take an execution is said once: what is looked for can be claimed, and what can be
claimed is found.
"""

from __future__ import annotations

import pytest
from django.db import connection

from executions import clock
from executions.journal.records import JOURNAL_FORMAT
from executions.models import Execution, Process, claiming
from executions.models.move import Claim
from executions.states import Phase


@pytest.mark.database
@pytest.mark.django_db
@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("journal_format", [1, JOURNAL_FORMAT, JOURNAL_FORMAT + 1])
@pytest.mark.parametrize("runner", ["ours", "external"])
def test_who_may_be_claimed_is_who_is_looked_for(begin, alone, journal_format, runner):
    """What the worker lists as due is what its claim takes, whatever stands in the way of
    either.
    """
    execution = begin("do: [{a: {set: {n: 1}}}]")
    Execution.objects.filter(pk=execution.pk).update(
        alone=alone, journal_format=journal_format, runner=runner
    )
    living = Process.objects.create(kind="worker", host="h", pid=1)
    for by_itself in (False, True):
        listed = Execution.objects.due().takable(alone=by_itself).filter(pk=execution.pk).exists()
        assert claimed(execution, living, alone=by_itself) is listed
    assert not claimed(
        execution,
        Process.objects.create(kind="worker", host="h", pid=2, dead_at=clock.now()),
        alone=alone,
    )


@pytest.mark.database
@pytest.mark.django_db
def test_what_a_dead_process_left_is_listed_and_claimed_and_what_a_living_one_holds_is_not(begin):
    execution = begin("do: [{a: {set: {n: 1}}}]")
    holder, other = (Process.objects.create(kind="worker", host="h", pid=pid) for pid in (1, 2))
    Execution.objects.filter(pk=execution.pk).update(phase=Phase.IN_PROGRESS, process=holder)
    assert not Execution.objects.orphaned().exists() and not claimed(execution, other, alone=False)
    holder.declare_dead("for a test")
    assert Execution.objects.orphaned().get() == execution and claimed(
        execution, other, alone=False
    )


def claimed(execution: Execution, process: Process, *, alone: bool) -> bool:
    where, values = claiming.where(Claim(process.pk, alone))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM executions_execution WHERE id = %s AND {where}",
            [execution.pk if connection.vendor == "postgresql" else execution.pk.hex, *values],
        )
        return bool(cursor.fetchone()[0])
