"""Going on with a newer version: what fits, what does not, and that nothing is run before that is known."""

from __future__ import annotations

import pytest

from executions.engine.upgrade import misfits, recover_onto
from executions.errors import Refused
from executions.intake.apply import apply_definition
from executions.models import Execution, Step
from executions.states import Phase
from tests.engine.conftest import HEAD
from tests.engine.texts import call

pytestmark = [pytest.mark.database, pytest.mark.django_db]
BAD = "{raise: {error: {type: 'https://example.org/x', status: 400}}}"


@pytest.fixture
def note(ledger):
    return lambda line: call("note", ledger=str(ledger.path), line=line)


@pytest.fixture
def failed(begin, drive, note):
    execution = drive(begin(f"do: [{{a: {note('a')}}}, {{outer: {{do: [{{b: {note('b')}}}, {{x: {BAD}}}]}}}}]\n"))
    assert execution.phase == Phase.FAILED
    return execution


def test_the_mended_step_runs_and_finished_ones_do_not_run_again(failed, drive, note, ledger, alice):
    text = (
        f"do: [{{a: {note('a')}}}, {{outer: {{do: [{{b: {note('b')}}}, {{x: {note('x')}}}, {{y: {note('y')}}}]}}}}]\n"
    )
    apply_definition(HEAD % "one" + text, alice)
    assert misfits(failed.pk, alice, 2) == []
    recover_onto(failed.pk, alice, 2)
    assert drive(failed).phase == Phase.COMPLETED
    assert ledger.done() == ["a", "b", "x", "y"]
    assert Execution.objects.get(version__number=2).pk == failed.pk


@pytest.mark.parametrize(
    ("tasks", "misfit"),
    [
        ("[{outer: {do: [{b: NOTE_b}, {x: NOTE_x}]}}]", ("/a", "no such task")),
        ("[{a: {set: {n: 1}}}, {outer: {do: [{b: NOTE_b}, {x: NOTE_x}]}}]", ("/a", "it was call")),
        ("[{new: NOTE_n}, {a: NOTE_a}, {outer: {do: [{b: NOTE_b}, {x: NOTE_x}]}}]", ("/a", "another step first")),
    ],
)
def test_what_does_not_fit_is_named_before_anything_runs(failed, note, ledger, alice, tasks, misfit):
    for line in "abxn":
        tasks = tasks.replace(f"NOTE_{line}", note(line))
    apply_definition(HEAD % "one" + f"do: {tasks}\n", alice)
    rows = list(Step.objects.order_by("id").values())
    found = {entry.path: entry.why for entry in misfits(failed.pk, alice, 2)}
    assert misfit[1] in found[misfit[0]]
    with pytest.raises(Refused, match=misfit[0]) as refused:
        recover_onto(failed.pk, alice, 2)
    assert refused.value.code == "conflict"
    assert list(Step.objects.order_by("id").values()) == rows
    assert ledger.done() == ["a", "b"]


def test_another_request_of_the_same_step_is_a_new_operation(begin, drive, server, alice):
    get = "{call: http, with: {method: post, endpoint: '%s', body: {}}}"
    execution = drive(begin(f"do: [{{a: {get % (server.url + '/status/400')}}}]\n"))
    apply_definition(HEAD % "one" + f"do: [{{a: {get % (server.url + '/echo')}}}]\n", alice)
    recover_onto(execution.pk, alice, 2)
    assert drive(execution).phase == Phase.COMPLETED
    assert len({seen.headers["idempotency-key"] for seen in server.seen}) == 2


def test_a_version_that_is_not_there_is_refused(failed, alice):
    with pytest.raises(Refused, match="no version 7"):
        recover_onto(failed.pk, alice, 7)
