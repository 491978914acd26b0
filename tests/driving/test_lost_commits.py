"""A driver's commit that breaks off unheard: whichever it is, the run ends as if nothing had
happened.
"""

from __future__ import annotations

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError, connection

from executions.driving.chain import examine
from executions.models import Attempt, Event, Step, move_sql
from executions.models.move import Applied, Move
from tests.driving.texts import call, tasks

pytestmark = [
    pytest.mark.database,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        django_settings.DATABASES["default"]["ENGINE"].endswith("sqlite"),
        reason="SQLite answers in the process",
    ),
]


def lose(monkeypatch: pytest.MonkeyPatch, which: int, *, carried_out: bool) -> list[int]:
    """The connection ends at the which-th commit of a driver; how many there were is counted."""
    real, count = move_sql.in_one_statement, [0]

    def lost(move: Move) -> Applied | None:
        count[0] += 1
        if count[0] != which:
            return real(move)
        if carried_out:
            real(move)
        connection.connection.close()
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(move_sql, "in_one_statement", lost)
    return count


@pytest.mark.parametrize("carried_out", [True, False], ids=["carried-out", "not-carried-out"])
@pytest.mark.parametrize("which", range(1, 11))
def test_whichever_commit_breaks_off_unheard_the_run_ends_as_if_nothing_had_happened(
    begin, drive, ledger, monkeypatch, which, carried_out
):
    note = call("note", ledger=str(ledger.path), line="noted")
    fails = call("fails", ledger=str(ledger.path) + ".tries", times=1)
    execution = begin(tasks(a=note, b=fails, c="{set: {n: 1}}"))
    count = lose(monkeypatch, which, carried_out=carried_out)
    ended = drive(execution)
    monkeypatch.undo()
    if which > count[0]:
        pytest.skip(f"there were {count[0]} commits")
    assert ended.phase == "COMPLETED", ended.failure_reason
    assert examine(ended) is None
    seqs = [
        *Event.objects.values_list("seq", flat=True),
        *Step.objects.exclude(seq=None).values_list("seq", flat=True),
    ]
    assert len(seqs) == len(set(seqs))
    names = list(
        Event.objects.filter(execution=execution).order_by("seq").values_list("name", flat=True)
    )
    assert names.count("WORKFLOW_STARTED") == names.count("WORKFLOW_COMPLETED") == 1, names
    assert ledger.done() == ["noted"]
    assert list(Attempt.objects.order_by("pk").values_list("number", "outcome")) == [
        (1, "failed"),
        (2, "succeeded"),
    ]
