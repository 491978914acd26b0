"""``run: workflow``: a run of its own, started once, whose end wakes its parent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from executions import clock
from executions.driving.attempts import children
from executions.driving.chain import verify
from executions.driving.family import Family
from executions.errors import Refused
from executions.intake import create_execution
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import Execution, Step
from executions.states import Phase, StepStatus
from executions.verbs.deciding import control, decisions, restore, upgrade
from executions.verbs.deciding.override import override
from tests.driving.conftest import HEAD
from tests.driving.crashing import drive_and_die, drive_on
from tests.driving.texts import call, tasks
from tests.people import confirmed

pytestmark = [pytest.mark.database, pytest.mark.django_db]

FAILS = (
    "{raise: {error: {type: 'https://shop.example/sold-out', status: 409, title: Sold out, detail:"
    " 'No {x} left'}}}"
)
WAITS = "{wait: {minutes: 5}}"


def run(name: str = "child", more: str = "", *, let_go: bool = False, version: str = "") -> str:
    """A task that runs this workflow with ``{n: 1}``."""
    named = f"namespace: tests, name: {name}" + (f", version: '{version}'" if version else "")
    goes_on = ", await: false" if let_go else ""
    rest = f", {more}" if more else ""
    return f"{{run: {{workflow: {{{named}, input: {{n: '${{ .n }}'}}}}{goes_on}}}{rest}}}"


@pytest.fixture
def apply(alice: User) -> Callable[..., None]:
    """``apply(name, text)``: a workflow of Alice's, or of ``owner``."""

    def applied(name: str, text: str, owner: User = alice, *, visibility: str = "shared") -> None:
        apply_definition(HEAD % name + text, owner, visibility=visibility)

    return applied


def drive_family(execution: Execution) -> Execution:
    """Drive it and all that it started, until nothing of them is due any more."""
    while True:
        before = _stand()
        for key in Execution.objects.order_by("-id").values_list("pk", flat=True):
            drive_on(Execution.objects.get(pk=key))
        if _stand() == before:
            return Execution.objects.get(pk=execution.pk)


def _stand() -> list[tuple[object, int, str]]:
    return list(Execution.objects.order_by("id").values_list("pk", "head_seq", "phase"))


def the_child() -> Execution:
    return Execution.objects.get(parent__isnull=False)


def test_the_output_of_the_child_is_that_of_the_step(begin, apply):
    apply("child", "do: [{a: {set: {got: '${ .n + 1 }'}}}]\n")
    execution = drive_on(begin(tasks(a=run(), b="{set: {b: '${ .got }'}}"), {"n": 1}))
    assert (execution.phase, execution.waiting_for) == (Phase.WAITING, "another run")
    child = the_child()
    assert (child.parent_id, child.owner_id, child.input) == (
        execution.pk,
        execution.owner_id,
        {"n": 1},
    )
    assert (child.correlation_id, child.depth, child.phase) == (
        execution.correlation_id,
        1,
        Phase.PENDING,
    )
    child = drive_on(child)
    assert child.output == {"got": 2}
    # Its end woke the parent: nobody has to wait for the moment at which it would look by itself.
    execution = drive_on(execution)
    assert (execution.phase, execution.output) == (Phase.COMPLETED, {"b": 2})
    assert verify(execution) is None
    assert verify(child) is None


def test_the_error_of_the_child_is_that_of_the_step(begin, apply):
    apply("child", tasks(a=FAILS))
    execution = drive_family(begin(tasks(a=run()), {"n": 1}))
    assert execution.phase == Phase.FAILED
    assert execution.error["type"] == "https://shop.example/sold-out"
    assert execution.error["status"] == 409
    assert execution.error["detail"] == f"The run {the_child().public_id} failed: No {{x}} left"
    assert execution.error["instance"] == "/do/0/a"


def test_the_error_of_the_child_can_be_caught(begin, apply):
    apply("child", tasks(a=FAILS))
    catch = (
        "{errors: {with: {type: 'https://shop.example/sold-out'}}, as: e, do: [{c: {set: {s: '${"
        " $e.status }'}}}]}"
    )
    execution = drive_family(
        begin(f"do: [{{guard: {{try: [{{a: {run()}}}], catch: {catch}}}}}]\n", {"n": 1})
    )
    assert (execution.phase, execution.output) == (Phase.COMPLETED, {"s": 409})


@pytest.mark.parametrize("verb", [control.cancel, control.terminate])
def test_a_child_that_somebody_ended_is_an_error(begin, apply, alice, verb):
    apply("child", tasks(a=WAITS))
    execution = begin(tasks(a=run()), {"n": 1})
    drive_family(execution)
    verb(the_child().pk, alice)
    execution = drive_family(execution)
    assert execution.phase == Phase.FAILED
    assert the_child().public_id in execution.failure_reason


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("fails", [False, True], ids=["completes", "fails"])
@pytest.mark.parametrize("let_go", [False, True], ids=["awaited", "let go"])
def test_it_may_die_at_any_transaction_and_starts_one_child(
    begin, apply, ledger, after, fails, let_go
):
    note = call("note", ledger=str(ledger.path), line="a")
    apply("child", tasks(a=note, b=FAILS if fails else "{set: {x: 7}}"))
    at = 0
    while True:
        at += 1
        ledger.path.unlink(missing_ok=True)
        Execution.objects.all().delete()
        execution = begin(tasks(s="{set: {n: 1}}", a=run(let_go=let_go), b="{set: {b: '${ . }'}}"))
        died = drive_and_die(execution, at, after=after)
        execution = drive_family(execution)
        child = the_child()
        assert child.phase == (Phase.FAILED if fails else Phase.COMPLETED), at
        expected = {"b": {"id": child.public_id}} if let_go else {"b": {"x": 7}}
        if fails and not let_go:
            assert execution.phase == Phase.FAILED
        else:
            assert (execution.phase, execution.output) == (Phase.COMPLETED, expected), at
        assert ledger.done() == ["a"]
        assert verify(execution) is None
        if not died:
            break
    assert at > 3


def test_the_end_of_a_child_and_the_waking_of_its_parent_are_one_transaction(begin, apply):
    apply("child", tasks(a="{set: {x: 7}}"))
    at = 0
    while True:
        at += 1
        Execution.objects.all().delete()
        execution = drive_on(begin(tasks(a=run()), {"n": 1}))
        child = the_child()
        died = drive_and_die(child, at, after=True)
        child.refresh_from_db()
        execution.refresh_from_db()
        is_due = Execution.objects.due().filter(pk=execution.pk).exists()
        assert is_due == (child.phase == Phase.COMPLETED)
        if not died:
            break


def test_a_second_child_of_a_step_cannot_be_stored(begin, apply):
    apply("child", tasks(a=WAITS))
    drive_on(begin(tasks(a=run()), {"n": 1}))
    child = the_child()
    child.pk, child.slug = None, "another"
    child.id = Execution._meta.get_field("id").get_default()
    with pytest.raises(IntegrityError), transaction.atomic():
        child.save(force_insert=True)


def test_each_round_of_a_loop_and_each_try_of_a_block_has_a_child_of_its_own(begin, apply):
    apply("child", tasks(a="{set: {x: 7}}"))
    loop = (
        "{for: {in: '${ [1, 2, 3] }'}, input: {from: '${ {n: 1} }'}, do: [{a:"
        f" {run()}}}]}}"
    )
    execution = drive_family(begin(tasks(loop=loop), {"n": 1}))
    assert execution.phase == Phase.COMPLETED
    assert Execution.objects.filter(parent=execution).count() == 3


def test_cancelling_goes_down_and_leaves_nothing_running(begin, apply, alice):
    apply("grandchild", tasks(a=WAITS))
    apply("child", tasks(a=run("grandchild")))
    execution = begin(tasks(a=run()), {"n": 1})
    drive_family(execution)
    assert control.cancel(execution.pk, alice) == Phase.CANCELLED
    assert set(Execution.objects.values_list("phase", flat=True)) == {Phase.CANCELLED}
    assert Execution.objects.count() == 3
    drive_family(execution)
    assert not Step.objects.filter(status=StepStatus.WAITING).exists()


def test_terminating_goes_down(begin, apply, alice):
    apply("child", tasks(a=WAITS))
    execution = begin(tasks(a=run()), {"n": 1})
    drive_family(execution)
    control.terminate(execution.pk, alice)
    assert set(Execution.objects.values_list("phase", flat=True)) == {Phase.TERMINATED}


@pytest.mark.parametrize("to", [Phase.CANCELLED, Phase.TERMINATED, Phase.PAUSED])
def test_an_override_goes_down(begin, apply, admin_user, to):
    apply("child", tasks(a=WAITS))
    execution = drive_family(begin(tasks(a=run()), {"n": 1}))
    override(execution.pk, confirmed(admin_user), to, reason="enough")
    assert set(Execution.objects.values_list("phase", flat=True)) == {to}


def test_a_child_goes_on_where_its_parent_is_recovered_onto_a_newer_version(
    failed, apply, alice, ledger
):
    apply("one", tasks(a=run(), b="{set: {new: '${ .line }'}}"))
    upgrade.recover_onto(failed.pk, alice, 2)
    execution = drive_family(failed)
    assert (execution.phase, execution.output) == (Phase.COMPLETED, {"new": "c"})
    assert Execution.objects.filter(parent=execution).count() == 1
    assert ledger.done() == ["a", "c"]


def test_pausing_and_resuming_go_down(begin, apply, alice, later):
    apply("child", tasks(a=WAITS))
    execution = begin(tasks(a=run()), {"n": 1})
    drive_family(execution)
    control.pause(execution.pk, alice)
    assert set(Execution.objects.values_list("phase", flat=True)) == {Phase.PAUSED}
    control.resume(execution.pk, alice)
    later(3600)
    assert drive_family(execution).phase == Phase.COMPLETED
    assert the_child().phase == Phase.COMPLETED


def test_a_child_that_was_let_go_is_not_stopped_with_its_parent(begin, apply, alice):
    apply("child", tasks(a=WAITS))
    execution = begin(tasks(a=run(let_go=True), b=WAITS), {"n": 1})
    drive_family(execution)
    control.cancel(execution.pk, alice)
    assert the_child().phase == Phase.WAITING


def test_a_child_that_takes_too_long_is_cancelled(begin, apply, later):
    apply("child", tasks(a=WAITS))
    execution = begin(tasks(a=run(more="timeout: {after: {seconds: 30}}")), {"n": 1})
    drive_family(execution)
    later(31)
    execution = drive_family(execution)
    assert (execution.phase, execution.error["status"]) == (Phase.FAILED, 408)
    assert the_child().phase == Phase.CANCELLED


def test_a_workflow_that_runs_itself_ends_at_a_depth(begin, apply):
    execution = drive_family(begin(tasks(a=run("one")), {"n": 1}))
    assert execution.phase == Phase.FAILED
    assert max(Execution.objects.values_list("depth", flat=True)) == 16
    assert Execution.objects.count() == 17
    assert "at most 16 deep" in execution.error["detail"]


def test_a_run_starts_no_more_than_so_many_others(begin, apply, monkeypatch):
    monkeypatch.setattr("executions.driving.attempts.children.MOST_CHILDREN", 2)
    apply("child", tasks(a="{set: {x: 7}}"))
    execution = begin(
        tasks(
            a=run(let_go=True),
            b=run(let_go=True, more="input: {from: '${ {n: 1} }'}"),
            c=run(let_go=True, more="input: {from: '${ {n: 1} }'}"),
        ),
        {"n": 1},
    )
    execution = drive_family(execution)
    assert (execution.phase, execution.current_step) == (Phase.FAILED, "/c")
    assert Execution.objects.filter(parent=execution).count() == 2


def test_what_the_owner_may_not_see_is_not_there(begin, apply, bob):
    apply("child", tasks(a="{set: {x: 7}}"), bob, visibility="private")
    execution = drive_family(begin(tasks(a=run()), {"n": 1}))
    assert (execution.phase, execution.error["status"]) == (Phase.FAILED, 404)
    assert "There is no workflow 'child' in the namespace 'tests'" in execution.error["detail"]
    absent = drive_family(begin(tasks(a=run("nowhere")), {"n": 1}, name="two"))
    assert absent.error["detail"].replace("nowhere", "child") == execution.error["detail"]


def test_an_input_that_does_not_fit_starts_nothing(begin, apply):
    schema = "input: {schema: {document: {type: object, required: [order]}}}\n"
    apply("child", schema + tasks(a="{set: {x: 7}}"))
    execution = drive_family(begin(tasks(a=run()), {"n": 1}))
    assert (execution.phase, execution.error["status"]) == (Phase.FAILED, 400)
    assert "order" in execution.error["detail"]
    assert Execution.objects.count() == 1


def test_a_version_may_be_named(begin, apply, alice):
    apply("child", tasks(a="{set: {x: old}}"))
    apply_definition(
        HEAD.replace("version: '1.0.0'", "version: '2.0.0'") % "child" + tasks(a="{set: {x: new}}"),
        alice,
    )
    old = drive_family(begin(tasks(a=run(version="1.0.0")), {"n": 1}))
    new = drive_family(begin(tasks(a=run(version="latest")), {"n": 1}, name="two"))
    none = drive_family(begin(tasks(a=run(version="9.9.9")), {"n": 1}, name="three"))
    assert (old.output, new.output, none.error["status"]) == ({"x": "old"}, {"x": "new"}, 404)


@pytest.fixture
def failed(begin, apply, ledger):
    """A run whose child failed: it did one thing, and then what fails the first time."""
    book, fails = str(ledger.path), str(ledger.path.with_name("tries"))
    bad = call("fails", ledger=fails, times=1, transient=False)
    apply(
        "child",
        tasks(a=call("note", ledger=book, line="a"), b=bad, c=call("note", ledger=book, line="c")),
    )
    execution = drive_family(begin(tasks(a=run(), b="{set: {b: '${ .line }'}}"), {"n": 1}))
    assert execution.phase == Phase.FAILED
    return execution


@pytest.mark.parametrize("verb", [decisions.retry, decisions.recover])
def test_going_on_with_the_parent_goes_on_with_the_child_that_failed(failed, alice, ledger, verb):
    verb(failed.pk, alice)
    assert the_child().phase == Phase.PENDING
    execution = drive_on(failed)
    assert (execution.phase, execution.waiting_for) == (Phase.WAITING, "another run")
    execution = drive_family(execution)
    assert (execution.phase, execution.output) == (Phase.COMPLETED, {"b": "c"})
    assert ledger.done() == ["a", "c"]
    assert verify(execution) is None
    assert verify(the_child()) is None


def test_a_child_that_went_on_by_itself_answers_the_retry_of_its_parent(failed, alice, ledger):
    decisions.recover(the_child().pk, alice)
    assert drive_family(failed).phase == Phase.FAILED
    decisions.retry(failed.pk, alice)
    assert drive_family(failed).output == {"b": "c"}
    assert ledger.done() == ["a", "c"]


def test_a_retry_as_a_new_operation_starts_another_child(failed, alice, ledger):
    decisions.retry(failed.pk, alice, as_new_operation=True)
    assert drive_family(failed).phase == Phase.COMPLETED
    assert Execution.objects.filter(parent=failed).count() == 2
    assert ledger.done() == ["a", "a", "c"]


def test_what_is_refused_of_the_parent_changes_nothing_of_the_child(failed, alice):
    with pytest.raises(Refused):
        decisions.recover(failed.pk, alice, expected_seq=failed.head_seq - 1)
    assert the_child().phase == Phase.FAILED
    Step.objects.filter(execution=failed, seq__isnull=False).update(digest="0" * 64)
    with pytest.raises(Refused, match="recovery failed"):
        decisions.recover(failed.pk, alice)
    failed.refresh_from_db()
    assert failed.requires_manual_intervention
    assert the_child().phase == Phase.FAILED


def test_a_child_that_refuses_keeps_its_parent_as_it_is(failed, alice):
    Step.objects.filter(execution=the_child(), seq__isnull=False).update(digest="0" * 64)
    with pytest.raises(Refused, match=the_child().public_id):
        decisions.recover(failed.pk, alice)
    assert set(Execution.objects.values_list("phase", flat=True)) == {Phase.FAILED}


def test_a_restore_to_before_the_child_cancels_it_and_starts_another(begin, apply, admin_user):
    apply("child", tasks(a=WAITS))
    execution = drive_family(begin(tasks(s="{set: {n: 1}}", a=run()), {"n": 1}))
    restore.restore(execution.pk, confirmed(admin_user), 0, reason="begin again")
    assert the_child().phase == Phase.CANCELLED
    execution = drive_family(execution)
    phases = (
        Execution.objects.filter(parent=execution).order_by("id").values_list("phase", flat=True)
    )
    assert (execution.phase, *phases) == (Phase.WAITING, Phase.CANCELLED, Phase.WAITING)


@pytest.mark.parametrize("how", ["retry", "cancel", "pause"])
def test_a_stale_verb_on_the_parent_changes_nothing_of_the_child(begin, apply, alice, failed, how):
    execution = failed
    if how != "retry":
        apply("waits", tasks(a=WAITS))
        execution = drive_family(begin(tasks(a=run("waits")), {"n": 1}, name="two"))
    verb: Any = {"retry": decisions.retry, "cancel": control.cancel, "pause": control.pause}[how]
    those = Execution.objects.filter(parent=execution)
    before = those.get().phase
    with pytest.raises(Refused, match="when you looked"):
        verb(execution.pk, alice, expected_seq=execution.head_seq + 1)
    assert those.get().phase == before


def test_a_child_is_paused_and_nothing_of_it_is_started_while_somebody_asks(
    begin, apply, alice, monkeypatch
):
    """A pause that comes while the child is about to be started: it is started when the run goes
    on.
    """
    apply("child", tasks(a="{set: {x: 7}}"))
    execution = begin(tasks(a=run()), {"n": 1})
    checked = create_execution.check_input

    def asked(*arguments):
        control.pause(execution.pk, alice)
        return checked(*arguments)

    monkeypatch.setattr(create_execution, "check_input", asked)
    execution = drive_on(execution)
    assert execution.phase == Phase.PAUSED
    assert Execution.objects.count() == 1
    monkeypatch.setattr(create_execution, "check_input", checked)
    control.resume(execution.pk, alice)
    assert drive_family(execution).output == {"x": 7}


def test_a_private_workflow_of_the_owner_goes_before_a_shared_one(begin, apply, bob):
    apply("child", tasks(a="{set: {x: shared}}"), bob)
    apply("child", tasks(a="{set: {x: private}}"), visibility="private")
    assert drive_family(begin(tasks(a=run()), {"n": 1})).output == {"x": "private"}


def test_the_run_can_be_started_as_any_other(apply, alice):
    apply("child", tasks(a="{set: {x: 7}}"))
    applied = apply_definition(HEAD % "p" + tasks(a=run()), alice)
    assert drive_family(start(applied.workflow, alice, input={"n": 1})).output == {"x": 7}


def forked(count):
    branches = [f"{{b{number}: {run()}}}" for number in range(count)]
    return f"do: [{{all: {{fork: {{branches: [{', '.join(branches)}]}}}}}}]"


def ends_after_the_look(monkeypatch, where, name, children_of):
    """All children that the next drive of their parent looks at end right after that look."""
    look = getattr(where, name)

    def looked(*arguments):
        found = look(*arguments)
        monkeypatch.undo()
        for each in children_of(found):
            assert each is not None and each.phase == Phase.PENDING
            drive_on(each)
        return found

    monkeypatch.setattr(where, name, looked)


def test_a_child_that_ends_while_its_parent_parks_is_heard_at_once(begin, apply, monkeypatch):
    apply("child", tasks(a="{set: {x: 7}}"))
    execution = drive_on(begin(tasks(a=run()), {"n": 1}))
    Execution.objects.filter(pk=execution.pk).update(wake_at=clock.now())
    ends_after_the_look(monkeypatch, children, "_found", lambda child: [child])
    assert drive_on(execution).output == {"x": 7}


def test_children_of_branches_that_end_while_their_parent_parks_are_heard_at_once(
    begin, apply, monkeypatch
):
    apply("child", tasks(a="{set: {x: 7}}"))
    execution = drive_on(begin(forked(2), {"n": 1}))
    assert execution.phase == Phase.WAITING
    Execution.objects.filter(pk=execution.pk).update(wake_at=clock.now())
    ends_after_the_look(monkeypatch, Family, "of", lambda family: family.children.values())
    assert drive_on(execution).output == [{"x": 7}, {"x": 7}]


def test_a_fork_reads_once_what_all_its_children_need(begin, apply, django_assert_max_num_queries):
    apply("child", tasks(a="{set: {x: 7}}"))
    execution = begin(forked(30), {"n": 1})
    # A row, its instance, a tally and a savepoint for each.
    with django_assert_max_num_queries(30 * 5 + 25):
        execution = drive_on(execution)
    Execution.objects.filter(pk=execution.pk).update(wake_at=clock.now())
    with django_assert_max_num_queries(25):
        drive_on(execution)
    assert Execution.objects.get(pk=execution.pk).phase == Phase.WAITING
