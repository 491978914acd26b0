"""A new run from a checkpoint of another one: what it begins with, what it does, what stays."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from executions.driving.chain import verify
from executions.errors import Refused
from executions.models import AuditEntry, Event, Execution, Step
from executions.policy import SUPPORT_GROUP
from executions.states import Phase
from executions.verbs.deciding.fork import fork
from tests.driving.texts import call
from tests.people import in_group

pytestmark = [pytest.mark.database, pytest.mark.django_db]


@pytest.fixture
def ended(begin, drive, ledger):
    """a, then a loop of b over two items, then c."""
    note = lambda line: call("note", ledger=str(ledger.path), line=line)  # noqa: E731
    text = f"""do:
- a: {note("a")}
- start: {{set: {{n: 1}}, output: {{schema: {{document: {{type: object, required: [n]}}}}}}}}
- loop:
    for: {{in: '${{ [1, 2] }}'}}
    do: [{{b: {note("b")}}}, {{exported: {{set: {{n: '${{ .n }}'}}, export: {{as: '${{ {{last: $item}} }}'}}}}}}]
- z: {{set: {{context: '${{ $context }}', was: '${{ . }}'}}}}
"""
    execution = drive(begin(text))
    assert execution.phase == Phase.COMPLETED, execution.failure_reason
    return execution


def seq_of(execution: Execution, path: str) -> int:
    seq = Step.objects.get(execution=execution, path=path, superseded_by=None).seq
    assert seq is not None
    return seq


def forked(decided) -> Execution:
    return Execution.objects.get(forked_from__isnull=False, correlation_id=decided.correlation_id)


def test_it_goes_on_from_the_checkpoint_and_the_run_before_it_stays(ended, alice, drive, ledger):
    steps = set(Step.objects.values_list("id", "changed_seq"))
    decided = fork(ended.pk, alice, checkpoint_seq=seq_of(ended, "/loop/@0/b"), reason="what if")
    new = forked(decided)
    assert (decided.execution_id, decided.next_step) == (new.public_id, "/loop/@0/exported")
    assert (new.forked_from_id, new.forked_seq) == (ended.pk, decided.checkpoint_seq)
    assert new.version_id == ended.version_id and new.input == ended.input
    done = drive(new)
    assert done.phase == Phase.COMPLETED, done.failure_reason
    # Only what came after the checkpoint ran, as operations of the new run.
    assert ledger.done() == ["a", "b", "b", "b"]
    assert len(set(ledger.keys())) == 4
    assert done.output["context"] == {"last": 2}
    assert verify(done) is None
    assert set(Step.objects.filter(execution=ended).values_list("id", "changed_seq")) == steps
    again = Execution.objects.get(pk=ended.pk)
    assert (again.head_seq, again.phase) == (ended.head_seq, Phase.COMPLETED)
    assert Event.objects.get(name="WORKFLOW_FORKED").execution_id == new.pk
    assert AuditEntry.objects.get(verb="fork").execution_id == ended.pk


def test_the_checkpoint_may_have_given_something_else(ended, alice, drive):
    decided = fork(ended.pk, alice, checkpoint_seq=seq_of(ended, "/start"), output={"n": 5})
    done = drive(forked(decided))
    assert done.phase == Phase.COMPLETED
    assert Step.objects.get(execution=done, path="/loop").input == {"n": 5}
    assert verify(done) is None
    assert Step.objects.get(execution=ended, path="/start").output == {"n": 1}


def test_an_output_has_to_fit_the_schema_of_its_step(ended, alice):
    with pytest.raises(Refused, match="does not fit the schema of start"):
        fork(ended.pk, alice, checkpoint_seq=seq_of(ended, "/start"), output={"m": 5})
    assert Execution.objects.count() == 1


def test_from_the_beginning_it_is_the_input_that_is_other(ended, alice, drive, ledger):
    done = drive(forked(fork(ended.pk, alice, checkpoint_seq=0, output={"other": True})))
    assert done.phase == Phase.COMPLETED and done.input == {"other": True}
    assert ledger.done() == ["a", "b", "b"] * 2


def test_it_is_for_those_who_could_have_started_it(ended, bob):
    sam = in_group(User.objects.create_user("sam"), SUPPORT_GROUP)
    for person in (bob, sam):
        with pytest.raises(Refused, match="fork is not for you"):
            fork(ended.pk, person, checkpoint_seq=0)
    ada = User.objects.create_superuser("ada")
    assert forked(fork(ended.pk, ada, checkpoint_seq=0)).owner == ada


def test_a_checkpoint_that_is_none_is_refused(ended, alice):
    with pytest.raises(Refused, match="no checkpoint 999"):
        fork(ended.pk, alice, checkpoint_seq=999)


def test_a_call_that_is_under_way_is_not_taken_along(begin, drive, alice, ledger):
    text = f"""do:
- both:
    fork:
      branches:
      - left: {{do: [{{a: {call("note", ledger=str(ledger.path), line="a")}}}, {{pause: {{wait: {{hours: 1}}}}}}]}}
      - right: {{do: [{{c: {{set: {{x: 1}}}}}}, {{rest: {{wait: {{hours: 1}}}}}}]}}
"""
    waits = drive(begin(text))
    assert waits.phase == Phase.WAITING
    new = forked(fork(waits.pk, alice, checkpoint_seq=seq_of(waits, "/both/left/a")))
    paths = set(Step.objects.filter(execution=new).values_list("path", flat=True))
    assert "/both/left/a" in paths and "/both/right/rest" not in paths
    done = drive(new)
    assert done.phase == Phase.WAITING and ledger.done() == ["a"]
    assert verify(done) is None
