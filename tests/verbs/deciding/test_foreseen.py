"""The effect of a fork, of another result and of taking a restore back, before it is done: and then
it is done as it was shown.
"""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from executions.errors import Refused
from executions.models import Execution, Step
from executions.policy import SUPPORT_GROUP
from executions.states import Phase
from executions.verbs.deciding import foreseen
from executions.verbs.deciding.amend import amend
from executions.verbs.deciding.fork import fork
from executions.verbs.deciding.restore import restore, undo_restore
from tests.driving.texts import call
from tests.people import in_group

pytestmark = [pytest.mark.database, pytest.mark.django_db]


@pytest.fixture
def failed(begin, drive, ledger):
    """a and b were done, then it failed."""
    note = lambda line: call("note", ledger=str(ledger.path), line=line)  # noqa: E731
    text = f"""do:
- a: {note("a")}
- start: {{set: {{n: 1}}, output: {{schema: {{document: {{type: object, required: [n]}}}}}}}}
- b: {note("b")}
- stops: {{raise: {{error: {{type: 'https://x.example/e', status: 500}}}}}}
"""
    execution = drive(begin(text))
    assert execution.phase == Phase.FAILED, execution.failure_reason
    return execution


@pytest.fixture
def sam(db) -> User:
    return in_group(User.objects.create_user("sam"), SUPPORT_GROUP)


def seq_of(path: str) -> int:
    seq = Step.objects.get(path=path, superseded_by=None).seq
    assert seq is not None
    return seq


def paths(steps) -> list[str]:
    return [step.path for step in steps]


def test_a_fork_is_as_it_was_shown(failed, alice, drive, ledger):
    shown = foreseen.of_fork(failed.pk, alice, seq_of("/a"))
    assert (shown.checkpoint_path, shown.kept, shown.next_step) == ("/a", 1, "/start")
    assert paths(shown.runs_again) == ["/start", "/b", "/stops"]
    assert paths(shown.may_repeat) == ["/b"]
    assert Execution.objects.count() == 1 and ledger.done() == ["a", "b"]
    decided = fork(failed.pk, alice, checkpoint_seq=shown.checkpoint_seq)
    assert (decided.kept, decided.next_step) == (shown.kept, shown.next_step)
    drive(Execution.objects.get(forked_from=failed.pk))
    assert ledger.done() == ["a", "b", "b"]


def test_a_result_that_does_not_fit_is_refused_by_the_preview(failed, alice):
    for look in (foreseen.of_fork, foreseen.of_amend):
        with pytest.raises(Refused, match=r"is no call|does not fit the schema of start"):
            look(failed.pk, alice, seq_of("/start"), {"m": 1})


def test_another_result_is_as_it_was_shown(failed, alice, drive, ledger):
    shown = foreseen.of_amend(failed.pk, alice, seq_of("/a"))
    assert (shown.step_path, shown.kept, shown.next_step) == ("/a", 0, "/start")
    assert paths(shown.runs_again) == ["/start", "/b", "/stops"]
    assert paths(shown.may_repeat) == ["/b"]
    assert Execution.objects.get().head_seq == failed.head_seq == shown.seq
    decided = amend(failed.pk, alice, shown.step_seq, {"line": "c"}, expected_seq=shown.seq)
    assert decided.next_step == shown.next_step
    drive(failed)
    assert ledger.done() == ["a", "b", "b"]


def test_a_restore_is_taken_back_as_it_was_shown(failed, sam, drive, ledger):
    stood = {"/start", "/b", "/stops"}
    restore(failed.pk, sam, seq_of("/a"), reason="again")
    again = drive(failed)
    shown = foreseen.of_undo(failed.pk, sam)
    assert (shown.seq, shown.kept) == (again.head_seq, 1)
    assert set(paths(shown.comes_back)) == set(paths(shown.set_aside)) == stood
    # The second b was done and stays done; nothing is done a third time.
    assert paths(shown.stays_done) == ["/b"] and not shown.runs_again
    kept = {step.id for step in Step.objects.filter(superseded_by=None, path__in=stood)}
    undo_restore(failed.pk, sam, expected_seq=shown.seq, reason="it was right")
    assert not kept & {step.id for step in Step.objects.filter(superseded_by=None)}
    assert drive(failed).phase == Phase.FAILED and ledger.done() == ["a", "b", "b"]


def test_a_look_is_for_those_who_may_do_it(failed, alice, bob, sam):
    for look in (
        lambda: foreseen.of_fork(failed.pk, bob, 0),
        lambda: foreseen.of_amend(failed.pk, sam, seq_of("/a")),
        lambda: foreseen.of_undo(failed.pk, alice),
    ):
        with pytest.raises(Refused, match="is not for you"):
            look()
    with pytest.raises(Refused, match="There is no restore to undo"):
        foreseen.of_undo(failed.pk, sam)


def test_a_journal_that_is_not_whole_is_said_and_not_marked(failed, alice):
    Step.objects.filter(path="/a").update(output={"changed": True})
    with pytest.raises(Refused, match="The journal is not whole"):
        foreseen.of_fork(failed.pk, alice, 0)
    assert not Execution.objects.get().requires_manual_intervention
