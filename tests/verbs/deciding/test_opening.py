"""Every verb that goes on from a journal verifies it first, and refuses a broken one in the same
words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from executions.driving import takeover
from executions.driving.chain import examine
from executions.errors import Refused
from executions.intake.apply import apply_definition
from executions.models import AuditEntry, Event, Execution, Step
from executions.policy import SUPPORT_GROUP
from executions.states import Phase
from executions.verbs.deciding import control, decisions, opening
from executions.verbs.deciding.override import override
from executions.verbs.deciding.restore import restore, undo_restore
from executions.verbs.deciding.upgrade import recover_onto
from tests.driving.conftest import HEAD
from tests.driving.crashing import drive_and_die, drive_on
from tests.driving.functions import KEPT
from tests.driving.texts import call, tasks
from tests.people import confirmed, in_group

pytestmark = pytest.mark.database
A = call("kept", line="a")
BAD = call("kept", "metadata: {optional: true}", line="bad", fails=9, lasting=True)


@pytest.fixture(autouse=True)
def nothing_was_called() -> Iterator[None]:
    KEPT.clear()
    yield
    KEPT.clear()


@pytest.fixture
def sam(db: None) -> User:
    user = User.objects.create_user("sam")
    return in_group(user, SUPPORT_GROUP)


@pytest.fixture
def root(db: None) -> User:
    return confirmed(User.objects.create_superuser("root"))


@pytest.fixture
def stopped(begin: Any, drive: Any, alice: User, sam: User) -> Callable[[str], Execution]:
    """``stopped(how)``: an execution whose first step is finished, and which stands as the verb
    wants it.
    """

    def failed(name: str = "one") -> Execution:
        execution: Execution = drive(begin(tasks(a=A, x=BAD), name=name))
        assert execution.phase == Phase.FAILED
        return execution

    def asking() -> Execution:
        execution = begin(tasks(a=A, pay=call("kept_once", line="pay")))
        assert drive_and_die(execution, 4)
        return drive_on(execution)

    def paused() -> Execution:
        execution: Execution = drive(begin(tasks(a=A, w="{wait: {hours: 1}}")))
        control.pause(execution.pk, alice)
        return execution

    def restored() -> Execution:
        execution = failed()
        seq = Step.objects.get(path="/a").seq
        assert seq is not None
        restore(execution.pk, sam, seq, reason="a mistake")
        again: Execution = drive(execution)
        assert again.phase == Phase.FAILED
        return again

    def waiting() -> Execution:
        execution: Execution = drive(begin(tasks(a=A, w="{wait: {hours: 1}}")))
        return execution

    makers: dict[str, Callable[..., Execution]] = {
        "failed": failed,
        "asking": asking,
        "paused": paused,
        "restored": restored,
    }
    makers["waiting"] = waiting
    return lambda how: makers[how]()


@pytest.fixture
def press(alice: User, sam: User, root: User) -> dict[str, tuple[str, Callable[[Execution], Any]]]:
    """Each verb that goes on from the journal: how the execution has to stand, and the verb."""

    def onto(execution: Execution) -> Any:
        apply_definition(HEAD % "one" + tasks(a=A, x=call("kept", line="x")), alice)
        return recover_onto(execution.pk, alice, 2)

    def give_back(execution: Execution) -> Any:
        return override(execution.pk, root, Phase.PENDING, reason="give it back")

    return {
        "retry": ("failed", lambda run: decisions.retry(run.pk, alice)),
        "retry of an edited input": (
            "failed",
            lambda run: decisions.retry(run.pk, alice, arguments={"function": "tests.kept"}),
        ),
        "skip": ("failed", lambda run: decisions.skip(run.pk, alice)),
        "recover": ("failed", lambda run: decisions.recover(run.pk, alice)),
        "recover onto": ("failed", onto),
        "decide": ("asking", lambda run: decisions.decide(run.pk, alice, "run_again")),
        "resume": ("paused", lambda run: control.resume(run.pk, alice)),
        "undo restore": ("restored", lambda run: undo_restore(run.pk, sam, reason="no")),
        "override": ("waiting", give_back),
    }


VERBS = (
    "retry",
    "retry of an edited input",
    "skip",
    "recover",
    "recover onto",
    "decide",
    "resume",
    "undo restore",
    "override",
)


@pytest.mark.django_db
@pytest.mark.parametrize("verb", VERBS)
def test_a_tampered_checkpoint_is_refused_by_every_verb_in_the_same_words(
    stopped, press, drive, verb
):
    how, pressed = press[verb]
    execution = stopped(how)
    Step.objects.filter(path="/a").update(output={"line": "forged"})
    before = Execution.objects.get(pk=execution.pk)
    steps, called = list(Step.objects.order_by("id").values()), list(KEPT)
    broken = examine(before)
    assert broken is not None
    with pytest.raises(Refused) as refusal:
        pressed(execution)
    assert refusal.value.code == "corrupt"
    assert f"failed: {broken.text}." in refusal.value.message
    assert "checkpoint" in refusal.value.message and "(/a) is not what was written" in broken.text
    assert refusal.value.remedy.endswith(broken.remedy())
    after = Execution.objects.get(pk=execution.pk)
    assert (after.phase, after.requires_manual_intervention) == (before.phase, True)
    assert list(Step.objects.order_by("id").values()) == steps
    event = Event.objects.filter(name="WORKFLOW_RECOVERY_FAILED").latest("id")
    assert event.payload["reason"] == broken.text
    assert AuditEntry.objects.filter(outcome="failed").latest("id").after["broken"] == broken.text
    drive(after)
    assert called == KEPT


@pytest.mark.django_db
@pytest.mark.parametrize("verb", VERBS)
def test_a_whole_journal_is_gone_on_from(stopped, press, verb):
    how, pressed = press[verb]
    execution = stopped(how)
    pressed(execution)
    after = Execution.objects.get(pk=execution.pk)
    assert (after.phase, examine(after)) == (Phase.PENDING, None)


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["waiting", "asking", "paused"])
@pytest.mark.parametrize("verb", ["cancel", "terminate", "override"])
def test_what_ends_a_run_is_possible_whatever_became_of_its_journal(
    stopped, alice, root, how, verb
):
    execution = stopped(how)
    Step.objects.filter(path="/a").update(output={"line": "forged"})
    if verb == "override":
        override(execution.pk, root, Phase.CANCELLED, reason="it is broken")
    else:
        getattr(control, verb)(execution.pk, alice)
    assert Execution.objects.get(pk=execution.pk).ended_at is not None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("verb", [*VERBS, "restore"])
def test_it_is_verified_before_the_transaction_and_never_under_its_lock(
    stopped, press, sam, verb, monkeypatch
):
    restoring = ("failed", lambda run: restore(run.pk, sam, 0, reason="from the top"))
    how, pressed = (press | {"restore": restoring})[verb]
    execution = stopped(how)
    under_a_lock = []

    def noted(run: Execution) -> Any:
        under_a_lock.append(connection.in_atomic_block)
        return examine(run)

    monkeypatch.setattr(opening, "examine", noted)
    pressed(execution)
    assert under_a_lock == [False]


@pytest.mark.django_db(transaction=True)
def test_what_changes_while_it_is_verified_is_verified_anew(stopped, alice, monkeypatch):
    execution = stopped("failed")
    looked = []

    def changing(run: Execution) -> Any:
        looked.append(run.head_seq)
        found = examine(run)
        if len(looked) == 1:
            Step.objects.filter(path="/a").update(output={"line": "forged"})
            Execution.objects.filter(pk=run.pk).update(head_seq=run.head_seq + 1)
        return found

    monkeypatch.setattr(opening, "examine", changing)
    with pytest.raises(Refused) as refusal:
        decisions.retry(execution.pk, alice)
    assert refusal.value.code == "corrupt"
    assert looked == [execution.head_seq, execution.head_seq + 1]


@pytest.mark.django_db
def test_a_wake_by_a_timer_verifies_nothing(stopped, drive, later, monkeypatch):
    execution = stopped("waiting")

    def refused(_: Execution) -> Any:
        raise AssertionError("a wake has to be quick, however long the journal is")

    monkeypatch.setattr(opening, "examine", refused)
    monkeypatch.setattr(takeover, "examine", refused)
    later(3700)
    assert drive(execution).phase == Phase.COMPLETED


@pytest.mark.django_db
def test_what_was_not_read_is_counted_all_the_same(begin, drive, alice):
    more = {f"s{number}": "{set: {n: 1}}" for number in range(5)}
    execution = drive(begin(tasks(**more, x=BAD)))
    newest = Step.objects.get(path="/s4").seq
    decided = decisions.retry(execution.pk, alice)
    assert (decided.kept, decided.checkpoint_seq) == (5, newest)
