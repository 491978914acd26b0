"""Going on with a newer version: what fits, what does not, and that nothing is run before that is
known.
"""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from executions.errors import Refused
from executions.intake.apply import apply_definition
from executions.models import AuditEntry, Execution, Notification, Step
from executions.states import Phase
from executions.verbs.deciding.upgrade import GoesOn, preview, recover_onto
from tests.driving.conftest import HEAD
from tests.driving.texts import call

pytestmark = [pytest.mark.database, pytest.mark.django_db]
BAD = "{raise: {error: {type: 'https://example.org/x', status: 400}}}"


@pytest.fixture
def note(ledger):
    return lambda line: call("note", ledger=str(ledger.path), line=line)


@pytest.fixture
def failed(begin, drive, note):
    execution = drive(
        begin(f"do: [{{a: {note('a')}}}, {{outer: {{do: [{{b: {note('b')}}}, {{x: {BAD}}}]}}}}]\n")
    )
    assert execution.phase == Phase.FAILED
    return execution


def test_the_mended_step_runs_and_finished_ones_do_not_run_again(
    failed, drive, note, ledger, alice
):
    text = (
        f"do: [{{a: {note('a')}}}, {{outer: {{do: [{{b: {note('b')}}}, {{x: {note('x')}}}, {{y:"
        f" {note('y')}}}]}}}}]\n"
    )
    apply_definition(HEAD % "one" + text, alice)
    shown = preview(failed.pk, alice, 2)
    assert (shown.fits, shown.present, shown.version, shown.kept) == (True, 1, 2, 2)
    assert shown.goes_on == GoesOn("runs", "/outer/x", "x", "")
    assert [(step.path, step.effect, step.may_repeat) for step in shown.runs_again] == [
        ("/outer/x", "idempotent", False)
    ]
    recover_onto(failed.pk, alice, 2)
    assert drive(failed).phase == Phase.COMPLETED
    assert ledger.done() == ["a", "b", "x", "y"]
    assert Execution.objects.get(version__number=2).pk == failed.pk


@pytest.mark.parametrize(
    ("tasks", "misfit"),
    [
        ("[{outer: {do: [{b: NOTE_b}, {x: NOTE_x}]}}]", ("/a", "no such task")),
        ("[{a: {set: {n: 1}}}, {outer: {do: [{b: NOTE_b}, {x: NOTE_x}]}}]", ("/a", "it was call")),
        (
            "[{new: NOTE_n}, {a: NOTE_a}, {outer: {do: [{b: NOTE_b}, {x: NOTE_x}]}}]",
            ("/a", "another step first"),
        ),
    ],
)
def test_what_does_not_fit_is_named_before_anything_runs(
    failed, note, ledger, alice, tasks, misfit
):
    for line in "abxn":
        tasks = tasks.replace(f"NOTE_{line}", note(line))
    apply_definition(HEAD % "one" + f"do: {tasks}\n", alice)
    rows = list(Step.objects.order_by("id").values())
    found = {entry.path: entry.why for entry in preview(failed.pk, alice, 2).misfits}
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


@pytest.mark.parametrize(
    ("x", "goes_on"),
    [
        ("{wait: {hours: 1}}", GoesOn("waits", "/outer/x", "x", "")),
        ("{set: {n: 1}}", GoesOn("completes", "", "", "")),
        (BAD.replace("x'", "y'"), GoesOn("fails", "/outer/x", "x", "https://example.org/y")),
    ],
)
def test_the_preview_says_how_it_would_go_on(failed, note, alice, x, goes_on):
    apply_definition(
        HEAD % "one"
        + f"do: [{{a: {note('a')}}}, {{outer: {{do: [{{b: {note('b')}}}, {{x: {x}}}]}}}}]\n",
        alice,
    )
    assert preview(failed.pk, alice, 2).goes_on == goes_on
    assert Execution.objects.get().head_seq == failed.head_seq


def test_the_preview_says_that_the_journal_is_broken_and_the_recovery_then_does_nothing(
    failed, alice
):
    Step.objects.filter(path="/a").update(output={"line": "forged"})
    shown = preview(failed.pk, alice, 1)
    assert "/a" in shown.broken and not shown.fits and shown.last_good_seq == 0
    with pytest.raises(Refused) as refused:
        recover_onto(failed.pk, alice, 1, reason="try")
    assert refused.value.code == "corrupt"
    after = Execution.objects.get()
    assert (after.phase, after.requires_manual_intervention, after.version) == (
        Phase.FAILED,
        True,
        failed.version,
    )


def test_the_audit_trail_names_the_version_and_the_owner_is_told(failed, note, alice):
    apply_definition(HEAD % "one" + f"do: [{{a: {note('a')}}}]\n", alice)
    ada = User.objects.create_superuser("ada")
    with pytest.raises(Refused, match="does not fit"):
        recover_onto(failed.pk, ada, 2, reason="too hasty")
    recover_onto(failed.pk, ada, 1, reason="as it was")
    trail = list(
        AuditEntry.objects.filter(verb="recover").order_by("id").values_list("outcome", "reason")
    )
    assert trail == [("refused", "too hasty"), ("done", "as it was")]
    assert AuditEntry.objects.get(outcome="done").after["version"] == 1
    told = Notification.objects.get(user=alice, event__name="WORKFLOW_RECOVERED").event.payload
    assert (told["version"], told["reason"]) == (1, "as it was")


def test_who_may_not_recover_may_not_look_either(failed, bob):
    for asked in (preview, recover_onto):
        with pytest.raises(Refused) as refused:
            asked(failed.pk, bob, 1)
        assert refused.value.code == "forbidden"
