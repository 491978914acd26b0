"""Journals of every format are read, verified and driven to their end; a claim takes no format that
it does not know.

``journals/format_1.json`` was written by the last version that knew one format, in the middle of
its work: each workflow below is named after what became of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import serializers
from django.core.management.color import no_style
from django.db import connection
from django.db.models import Model

from executions.driving import surroundings
from executions.driving.attempts.running import Running
from executions.driving.chain import verify
from executions.driving.lease import claim
from executions.driving.store import Here
from executions.journal.records import JOURNAL_FORMAT
from executions.models import Execution, Process, Step
from executions.states import Phase
from executions.verbs.deciding import control, decisions
from executions.verbs.deciding.restore import restore
from tests.drives import drive_once
from tests.driving.functions import KEPT
from tests.driving.texts import tasks
from tests.people import confirmed

pytestmark = [pytest.mark.database, pytest.mark.django_db]
FORMAT_1 = Path(__file__).with_name("journals") / "format_1.json"
ENDED = ("whole", "recovered", "tries", "skipped")
WENT_OUT = ("retrying.charge", "between.charge", "once.pay", "undone.x", "failed.x")


@pytest.fixture
def kept(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str]]]:
    """The stored journals in the database; what is called from now on, with its key."""
    settings.SECRET_KEY = "of-a-journal-that-is-kept"
    monkeypatch.setenv("STIGMER_SECRET_token", "open sesame")
    surroundings._known_secrets.cache_clear()
    loaded: set[type[Model]] = set()
    for row in serializers.deserialize("json", FORMAT_1.read_text(), ignorenonexistent=True):
        row.save()
        loaded.add(type(row.object))
    # PostgreSQL counts on from its own last id, which the stored rows did not take.
    reset = connection.ops.sequence_reset_sql(no_style(), list(loaded))
    with connection.cursor() as cursor:
        for statement in reset:
            cursor.execute(statement)
    # What was called before failed once, and succeeds from its second time on.
    KEPT[:] = [(line, "") for line in WENT_OUT]
    yield KEPT
    KEPT.clear()
    surroundings._known_secrets.cache_clear()


@pytest.fixture
def drive_to_its_end(kept: object, process: Process, later: Any) -> Any:
    """Drive it, hours after each time that it begins to wait."""

    def driven(execution: Execution) -> Execution:
        for _ in range(20):
            while drive_once(execution.pk, process_id=process.pk, store=Here(), running=Running()):
                pass
            execution = Execution.objects.get(pk=execution.pk)
            if execution.phase != Phase.WAITING or execution.waiting_for == "decision":
                return execution
            later(3601)
        raise AssertionError("it waits for ever")

    return driven


def named(name: str) -> Execution:
    return Execution.objects.get(workflow__slug=name)


def alice() -> User:
    return User.objects.get(username="alice")


def calls_of(kept: list[tuple[str, str]], line: str) -> list[str]:
    return [key for noted, key in kept if noted == line and key]


def test_a_journal_of_the_first_format_is_whole(kept: object) -> None:
    assert Execution.objects.count() == len(ENDED) + 9
    for execution in Execution.objects.all():
        assert execution.journal_format == 1
        assert verify(execution) is None, execution.slug
    assert all(named(name).phase == Phase.COMPLETED for name in ENDED)


def test_a_changed_value_in_a_journal_of_the_first_format_is_seen(kept: object) -> None:
    Step.objects.filter(path="/start", execution=named("whole")).update(output={"big": 1})
    assert verify(named("whole")) == "checkpoint 2 (/start) is not what was written"


def test_integers_of_any_size_are_what_they_were(kept: object) -> None:
    start = Step.objects.get(path="/start", execution=named("whole"))
    assert start.output["big"] == 123456789012345678901234567890


@pytest.mark.parametrize("name", ["retrying", "between", "restored", "running"])
def test_what_was_under_way_goes_on_and_keeps_its_format_and_its_key(name, kept, drive_to_its_end):
    execution = named(name)
    if name == "running":
        assert execution.phase == Phase.IN_PROGRESS
    ended = drive_to_its_end(execution)
    assert (ended.phase, ended.journal_format) == (Phase.COMPLETED, 1), ended.failure_reason
    assert verify(ended) is None
    line, path = {
        "retrying": ("retrying.charge", "/charge~1"),
        "between": ("between.charge", "/guard/try@1/charge~1"),
        "restored": ("restored.c", "/c~2"),
        "running": ("running.b", "/b~1"),
    }[name]
    assert calls_of(kept, line) == [f"{ended.public_id}{path}"]


def test_a_secret_behind_a_placeholder_of_before_is_filled_in(kept, drive_to_its_end):
    ended = drive_to_its_end(named("retrying"))
    assert ended.output["got"]["token"] == len("open sesame")
    assert "open sesame" not in json.dumps(
        list(Step.objects.values("input", "arguments", "output", "control"))
    )


@pytest.mark.parametrize("choice", ["run_again", "mark_done"])
def test_what_waited_for_a_decision_is_decided(choice, kept, drive_to_its_end):
    decisions.decide(named("asks").pk, alice(), choice, output={"paid": True})
    ended = drive_to_its_end(named("asks"))
    assert (ended.phase, verify(ended)) == (Phase.COMPLETED, None)
    assert calls_of(kept, "asks.pay") == [f"{ended.public_id}/pay~1"] * (choice == "run_again")


def test_what_failed_is_retried_after_its_restore_was_undone(kept, drive_to_its_end):
    assert named("undone").phase == Phase.FAILED
    decisions.retry(named("undone").pk, alice())
    ended = drive_to_its_end(named("undone"))
    assert (ended.phase, verify(ended)) == (Phase.COMPLETED, None)


def test_what_failed_is_restored(kept, drive_to_its_end):
    execution = named("failed")
    seq = Step.objects.get(execution=execution, path="/a").seq
    assert seq is not None
    sam = confirmed(User.objects.get(username="sam"))
    restore(execution.pk, sam, seq, reason="again")
    ended = drive_to_its_end(execution)
    assert (ended.phase, verify(ended)) == (Phase.COMPLETED, None)
    assert calls_of(kept, "failed.b") == [f"{ended.public_id}/loop/@{n}/b~2" for n in (0, 1)]


def test_what_was_paused_is_resumed(kept, drive_to_its_end):
    control.resume(named("paused").pk, alice())
    ended = drive_to_its_end(named("paused"))
    assert (ended.phase, verify(ended)) == (Phase.COMPLETED, None)


def test_a_run_that_begins_now_has_the_newest_format(begin, drive):
    ended = drive(begin(tasks(a="{set: {big: 123456789012345678901234567890, é: 1.0e-7}}")))
    assert (ended.journal_format, verify(ended)) == (JOURNAL_FORMAT, None)


def test_a_claim_takes_no_journal_of_a_format_that_it_does_not_know(begin, process):
    execution = begin(tasks(a="{set: {n: 1}}"))
    Execution.objects.update(journal_format=JOURNAL_FORMAT + 1)
    assert claim(execution.pk, process.pk) is None
    assert Execution.objects.get().phase == Phase.PENDING
    Execution.objects.update(journal_format=JOURNAL_FORMAT)
    assert claim(execution.pk, process.pk) is not None


@pytest.mark.parametrize("column", ["path", "name", "kind", "optional", "generation", "status"])
def test_a_changed_column_is_seen(begin, drive, column):
    ended = drive(begin(tasks(a="{set: {n: 1}}", b="{set: {n: 2}}")))
    changed = {"optional": True, "generation": 7, "status": "SKIPPED"}.get(column, "other")
    Step.objects.filter(path="/a").update(**{column: changed})
    assert "is not what was written" in str(verify(ended))


@pytest.mark.parametrize("column", ["input", "arguments", "output", "context", "error", "control"])
@pytest.mark.parametrize("text", ['{"n": 1}', '{"n":2}', "null", "[", "1e400"])
def test_a_value_is_covered_as_the_text_that_stands_there(begin, drive, column, text):
    from django.db import connection

    ended = drive(begin(tasks(a="{set: {n: 1}, export: {as: {n: 1}}}", b="{set: {n: 2}}")))
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE executions_step SET {column} = %s WHERE path = '/a'", [text])
    assert "is not what was written" in str(verify(ended))


def test_what_a_newer_step_knows_besides_survives_and_is_covered(begin, drive):
    execution = begin(tasks(a="{do: [{w: {wait: {hours: 1}}}]}"))
    drive(execution)
    step = Step.objects.get(path="/a")
    Step.objects.filter(pk=step.pk).update(
        control={"of tomorrow": {"b": None, "a": 1}, **step.control}
    )
    control.cancel(execution.pk, execution.owner)
    kept = Step.objects.get(path="/a").control
    assert list(kept["of tomorrow"].items()) == [("b", None), ("a", 1)]


def test_what_may_happen_only_once_and_went_out_before_the_upgrade_is_not_sent_again(
    kept, drive_to_its_end
):
    waiting = drive_to_its_end(named("once"))
    assert (waiting.phase, waiting.waiting_for) == (Phase.WAITING, "decision")
    assert not calls_of(kept, "once.pay")
    decisions.decide(waiting.pk, alice(), "run_again")
    ended = drive_to_its_end(waiting)
    assert (ended.phase, verify(ended)) == (Phase.COMPLETED, None)
    assert calls_of(kept, "once.pay") == [f"{ended.public_id}/guard/try@1/pay~1"]
