"""Retry, skip and recover: what runs again, what stays, what is refused."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection

from executions.driving.chain import verify
from executions.errors import Refused
from executions.models import AuditEntry, Event, Execution, Step
from executions.policy import SUPPORT_GROUP
from executions.states import Phase, StepStatus
from executions.verbs.deciding import decisions
from tests.driving.texts import call, listed, tasks

pytestmark = [pytest.mark.database, pytest.mark.django_db]
VERBS = {"retry": decisions.retry, "recover": decisions.recover}


@pytest.fixture
def note(ledger):
    return lambda line, more="", **rest: call(
        "note", more, ledger=str(ledger.path), line=line, **rest
    )


@pytest.fixture
def broken(ledger):
    """A call that fails for good until ``mend`` is called; it leaves a line for each try."""
    book = ledger.path.with_name("broken")

    def task(more: str = "") -> str:
        return call(
            "fails", more, ledger=str(book), times=1, transient=False, message="out of stock"
        )

    def mend() -> None:
        """It succeeds from its second try on, so there is nothing to do but to try again."""

    task.mend = mend  # type: ignore[attr-defined]
    task.tries = lambda: len(book.read_text().splitlines())  # type: ignore[attr-defined]
    return task


PLACES = {
    "at the top": "do: [{a: NOTE_A}, {x: BROKEN}, {z: NOTE_Z}]",
    "inside do": (
        "do: [{a: NOTE_A}, {outer: {do: [{b: NOTE_B}, {inner: {do: [{x: BROKEN}]}}]}}, {z: NOTE_Z}]"
    ),
    "inside a loop": (
        """do:
- a: NOTE_A
- loop:
    for: {in: '${ [now, now, now] }'}
    do: [{b: NOTE_B}, {only: {if: '${ $index == 1 }', do: [{x: BROKEN}]}}, {c: NOTE_C}]
- z: NOTE_Z
"""
    ),
    "inside a loop inside a try": (
        """do:
- a: NOTE_A
- guard:
    try: [{loop: {for: {in: '${ [now] }'}, do: [{b: NOTE_B}, {x: BROKEN}]}}]
    catch: {errors: {with: {status: 404}}}
- z: NOTE_Z
"""
    ),
    "inside a try whose retries are used up": (
        """do:
- a: NOTE_A
- guard:
    try: [{b: NOTE_B}, {x: BROKEN}]
    catch: {retry: {limit: {attempt: {count: 0}}}}
- z: NOTE_Z
"""
    ),
    "inside what a catch does": (
        """do:
- guard:
    try: [{a: NOTE_A}, {bad: {raise: {error: {type: 'https://example.org/x', status: 400}}}}]
    catch: {do: [{b: NOTE_B}, {x: BROKEN}]}
- z: NOTE_Z
"""
    ),
    "inside a function": (
        """use: {functions: {f: {do: [{b: NOTE_B}, {x: BROKEN}]}}}
do: [{a: NOTE_A}, {g: {call: f}}, {z: NOTE_Z}]
"""
    ),
    "on a later visit": (
        """do:
- start: {set: {n: 0}}
- more: {set: {n: '${ .n + 1 }'}, export: {as: '${ {n: .n} }'}}
- b: NOTE_B
- x: {if: '${ $context.n == 2 }', do: [{y: BROKEN}]}
- again: {if: '${ $context.n < 2 }', set: {n: '${ $context.n }'}, then: more}
- z: NOTE_Z
"""
    ),
}


@pytest.fixture
def failed(begin, drive, note, broken):
    """``failed(place)``: an execution that failed at the broken call."""

    def make(place: str = "at the top", more: str = "") -> Any:
        text = PLACES[place].replace("BROKEN", broken(more))
        for letter in "ABCZ":
            text = text.replace(f"NOTE_{letter}", note(letter.lower()))
        execution = drive(begin(text + "\n"))
        assert (execution.phase, execution.failure_reason) == (Phase.FAILED, "out of stock")
        return execution

    return make


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("place", PLACES)
def test_it_goes_on_where_it_failed_and_finished_steps_never_run_again(
    failed, drive, alice, ledger, broken, place, verb
):
    execution = failed(place)
    done = ledger.lines()
    finished = dict(
        Step.objects.filter(superseded_by=None, status="SUCCEEDED").values_list("path", "digest")
    )
    items = {step.path: step.control["items"] for step in Step.objects.filter(kind="for")}
    VERBS[verb](execution.pk, alice)
    execution = drive(execution)
    assert (execution.phase, execution.error, execution.failed_at) == (Phase.COMPLETED, None, None)
    assert ledger.lines()[: len(done)] == done
    assert ledger.done()[-1] == "z"
    # The key names the operation: each stands once, whatever was retried around it.
    assert len(set(ledger.keys())) == len(ledger.keys())
    assert broken.tries() == 2
    standing = dict(Step.objects.filter(superseded_by=None).values_list("path", "digest"))
    assert {path: standing[path] for path in finished} == finished
    for path, before in items.items():
        assert {str(s.control["items"]) for s in Step.objects.filter(path=path)} == {str(before)}
    assert verify(execution) is None


@pytest.mark.parametrize("place", PLACES)
def test_an_optional_step_is_skipped_and_the_rest_goes_on(
    failed, drive, alice, ledger, broken, place
):
    execution = failed(place, more="metadata: {optional: true}")
    assert Event.objects.get(name="WORKFLOW_STEP_FAILED").payload["can_skip"] is True
    decisions.skip(execution.pk, alice, reason="not needed")
    execution = drive(execution)
    assert execution.phase == Phase.COMPLETED
    skipped = Step.objects.get(status=StepStatus.SKIPPED, control__contains="by a person")
    assert skipped.output == skipped.input
    assert broken.tries() == 1
    assert ledger.done()[-1] == "z"
    assert verify(execution) is None


def test_a_required_step_is_not_skipped(failed, alice):
    execution = failed()
    assert Event.objects.get(name="WORKFLOW_STEP_FAILED").payload["can_skip"] is False
    before = Execution.objects.values().get()
    with pytest.raises(Refused, match="optional: true") as refusal:
        decisions.skip(execution.pk, alice)
    assert refusal.value.code == "not_skippable"
    assert Execution.objects.values().get() == before


def test_an_optional_composite_is_skipped_as_a_whole_and_exports_nothing(
    begin, drive, alice, note, broken, ledger
):
    inner = listed(b=note("b", "export: {as: {inner: 1}}"), x=broken(), c=note("c"))
    execution = drive(
        begin(f"""do:
- a: {{set: {{n: 1}}, export: {{as: {{outer: 1}}}}}}
- part: {{do: {inner}, metadata: {{optional: true}}}}
- z: {{set: {{was: '${{ . }}', context: '${{ $context }}'}}}}
""")
    )
    assert execution.phase == Phase.FAILED
    decisions.skip(execution.pk, alice)
    execution = drive(execution)
    assert execution.output == {"was": {"n": 1}, "context": {"outer": 1}}
    assert ledger.done() == ["b"]


def test_a_skipped_step_may_be_given_an_output(begin, drive, alice, broken):
    execution = drive(
        begin(tasks(x=broken("metadata: {optional: true}"), z="{set: {got: '${ . }'}}"))
    )
    decisions.skip(execution.pk, alice, output={"stock": 5})
    assert drive(execution).output == {"got": {"stock": 5}}


def test_an_output_that_is_given_fits_the_schema_of_its_task(begin, drive, alice, broken):
    schema = "output: {schema: {document: {type: object, required: [stock]}}}"
    execution = drive(begin(tasks(x=broken(f"metadata: {{optional: true}}, {schema}"))))
    with pytest.raises(Refused, match="does not fit the schema of x") as refused:
        decisions.skip(execution.pk, alice, output={"stok": 5})
    assert refused.value.findings[0].pointer == "/output/stock"
    decisions.skip(execution.pk, alice, output={"stock": 5})
    assert drive(execution).output == {"stock": 5}


def test_a_retry_begins_counting_anew(begin, drive, alice, ledger):
    execution = drive(begin(tasks(a=call("fails", ledger=str(ledger.path), times=6))))
    assert (execution.phase, execution.retry_count, len(ledger.lines())) == (Phase.FAILED, 3, 4)
    decided = decisions.retry(execution.pk, alice)
    pending = Execution.objects.get()
    assert (pending.phase, pending.retry_count, pending.failure_reason) == (Phase.PENDING, 0, "")
    assert (decided.phase, decided.next_step) == (Phase.PENDING, "/a")
    execution = drive(execution)
    assert (execution.phase, execution.output) == (Phase.COMPLETED, {"tries": 7})


def test_a_retry_gives_a_try_its_retries_anew(begin, drive, alice, ledger):
    guarded = call("fails", ledger=str(ledger.path), times=3)
    execution = drive(
        begin(f"""do:
- guard: {{try: [{{a: {guarded}}}], catch: {{retry: {{limit: {{attempt: {{count: 1}}}}, delay: {{milliseconds: 1}}}}}}}}
""")
    )
    while execution.phase == Phase.WAITING:
        execution = drive(execution)
    assert (execution.phase, len(ledger.lines())) == (Phase.FAILED, 2)
    decisions.retry(execution.pk, alice)
    execution = drive(execution)
    while execution.phase == Phase.WAITING:
        execution = drive(execution)
    assert (execution.phase, len(ledger.lines())) == (Phase.COMPLETED, 4)


def test_time_limits_count_from_the_decision(begin, drive, alice, broken, later):
    execution = drive(
        begin(f"""timeout: {{after: {{minutes: 10}}}}
do: [{{outer: {{timeout: {{after: {{minutes: 5}}}}, do: {listed(x=broken(), w="{wait: {minutes: 1}}")}}}}}]
""")
    )
    later(3600)
    decisions.retry(execution.pk, alice)
    assert drive(execution).phase == Phase.WAITING
    later(61)
    assert drive(execution).phase == Phase.COMPLETED


def test_a_retry_keeps_the_key_and_a_new_operation_has_another(begin, drive, alice, server):
    post = (
        f"{{call: http, with: {{method: post, endpoint: '{server.url}/status/400', body: {{n:"
        " 1}}}"
    )
    execution = drive(begin(tasks(a=post)))
    decisions.retry(execution.pk, alice)
    drive(execution)
    decisions.retry(execution.pk, alice, as_new_operation=True)
    drive(execution)
    keys = [seen.headers["idempotency-key"] for seen in server.seen]
    assert keys[0] == keys[1] != keys[2]


def test_a_retry_may_have_its_input_edited(begin, drive, alice, ledger):
    execution = drive(
        begin(tasks(a=call("fails", ledger=str(ledger.path), times=99, transient=False)))
    )
    edited = {"function": "tests.note", "arguments": {"ledger": str(ledger.path), "line": "edited"}}
    decisions.retry(
        execution.pk, alice, arguments=edited, as_new_operation=True, reason="a typing error"
    )
    entry = AuditEntry.objects.get(verb="retry")
    assert entry.after["edited_input"] is True and entry.after["as_new_operation"] is True
    assert (entry.actor_name, entry.reason, entry.after["supersedes"]) == (
        "alice",
        "a typing error",
        ["/a"],
    )
    execution = drive(execution)
    assert execution.output["line"] == "edited"
    assert Step.objects.get(path="/a", superseded_by=None).arguments == edited
    assert verify(execution) is None


@pytest.mark.parametrize(
    "arguments", [[1], "text", {"n": float("nan")}, {"n": "a\x00b"}, {"n": "x" * (2 << 20)}]
)
def test_an_edited_input_that_cannot_be_kept_is_refused(failed, alice, arguments):
    execution = failed()
    before = Execution.objects.values().get()
    with pytest.raises(Refused) as refusal:
        decisions.retry(execution.pk, alice, arguments=arguments)
    assert refusal.value.code == "invalid"
    assert Execution.objects.values().get() == before


def test_what_failed_before_it_had_arguments_is_met_anew(begin, drive, alice):
    execution = drive(begin("do: [{a: {set: {n: '${ .x + 1 }'}}}]", {"x": "text"}))
    assert (execution.phase, execution.current_step) == (Phase.FAILED, "/a")
    with pytest.raises(Refused, match="no input to edit"):
        decisions.retry(execution.pk, alice, arguments={"n": 1})
    decisions.retry(execution.pk, alice)
    assert drive(execution).phase == Phase.FAILED
    assert Step.objects.filter(path="/a").count() == 2


def test_data_that_do_not_fit_a_schema_can_be_retried(begin, drive, alice):
    execution = drive(
        begin("do: [{a: {input: {schema: {document: {required: [x]}}}, set: {n: 1}}}]")
    )
    assert execution.current_step == "/a"
    decisions.retry(execution.pk, alice)
    drive(execution)
    assert Step.objects.filter(path="/a").count() == 2


def test_a_loop_that_fails_at_its_end_does_not_read_its_items_anew(
    begin, drive, alice, note, ledger
):
    execution = drive(
        begin(f"""do:
- loop: {{for: {{in: '${{ [now, now] }}'}}, do: {listed(a=note("a"))}, output: {{as: '${{ 1 + "x" }}'}}}}
""")
    )
    decisions.retry(execution.pk, alice)
    drive(execution)
    assert len({str(step.control["items"]) for step in Step.objects.filter(path="/loop")}) == 1
    assert ledger.done() == ["a", "a"]


def test_each_decision_is_a_step_and_an_event_with_its_actor(failed, alice):
    execution = failed()
    decisions.retry(execution.pk, alice, reason="restocked")
    step = Step.objects.get(kind="decision")
    assert (step.name, step.control["actor"], step.control["reason"]) == (
        "retry",
        alice.pk,
        "restocked",
    )
    assert step.control["supersedes"] == ["/x"]
    assert Step.objects.get(superseded_by=step).path == "/x"
    assert Event.objects.get(name="WORKFLOW_RETRIED").actor_id == alice.pk


def test_a_recovery_says_where_it_goes_on(failed, alice):
    execution = failed()
    checkpoint = execution.last_checkpoint_at
    decided = decisions.recover(execution.pk, alice)
    event = Event.objects.get(name="WORKFLOW_RECOVERED")
    assert set(event.payload) == {
        "workflow_id",
        "workflow_definition_id",
        "execution_id",
        "resumed_from",
        "timestamp",
    }
    assert (
        event.payload["resumed_from"]
        == decided.resumed_from
        == checkpoint.isoformat().replace("+00:00", "Z")
    )
    assert event.notifications.get().user_id == execution.owner_id
    assert (decided.kept, decided.next_step) == (1, "/x")


def test_a_retry_is_no_recovery(failed, alice):
    decisions.retry(failed().pk, alice)
    assert not Event.objects.filter(name="WORKFLOW_RECOVERED").exists()


TAMPERED = {
    "an output": lambda: Step.objects.filter(path="/a").update(output={"line": "forged"}),
    "a status": lambda: Step.objects.filter(path="/a").update(status="SKIPPED"),
    "a missing step": lambda: Step.objects.filter(path="/a").delete(),
    "a missing end": lambda: Step.objects.filter(path="/x").delete(),
    "a digest": lambda: Step.objects.filter(path="/a").update(digest="0" * 64),
    "its end": lambda: Execution.objects.update(head_digest="0" * 64),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_a_journal_that_was_changed_is_not_recovered_from(failed, drive, alice, ledger, what):
    execution = failed()
    TAMPERED[what]()
    steps = list(Step.objects.values())
    with pytest.raises(Refused) as refusal:
        decisions.recover(execution.pk, alice)
    assert refusal.value.code == "corrupt"
    execution = Execution.objects.get()
    assert (execution.phase, execution.requires_manual_intervention) == (Phase.FAILED, True)
    assert Event.objects.filter(name="WORKFLOW_RECOVERY_FAILED").count() == 1
    assert list(Step.objects.values()) == steps
    drive(execution)
    assert ledger.done() == ["a"]


@pytest.mark.parametrize("verb", ["retry", "recover", "skip"])
def test_a_page_that_is_older_than_the_execution_is_refused(failed, alice, verb):
    execution = failed(more="metadata: {optional: true}")
    with pytest.raises(Refused) as refusal:
        getattr(decisions, verb)(execution.pk, alice, expected_seq=execution.head_seq - 1)
    assert refusal.value.code == "stale"
    assert Execution.objects.get().phase == Phase.FAILED


@pytest.mark.parametrize("verb", ["retry", "recover", "skip"])
def test_clicked_twice_it_is_decided_once(failed, alice, verb):
    execution = failed(more="metadata: {optional: true}")
    act = getattr(decisions, verb)
    act(execution.pk, alice, expected_seq=execution.head_seq)
    with pytest.raises(Refused):
        act(execution.pk, alice, expected_seq=execution.head_seq)
    with pytest.raises(Refused, match="PENDING"):
        act(execution.pk, alice)
    assert Step.objects.filter(kind="decision").count() == 1


@pytest.mark.parametrize("verb", ["retry", "recover", "skip"])
@pytest.mark.parametrize("phase", [Phase.PENDING, Phase.WAITING, Phase.COMPLETED])
def test_only_what_failed_can_be_decided_about(begin, drive, alice, verb, phase):
    execution = begin(
        "do: [{a: {wait: {hours: 1}}}]" if phase == Phase.WAITING else "do: [{a: {set: {n: 1}}}]"
    )
    if phase != Phase.PENDING:
        execution = drive(execution)
    with pytest.raises(Refused) as refusal:
        getattr(decisions, verb)(execution.pk, alice)
    assert (refusal.value.code, refusal.value.state) == ("wrong_phase", phase)


def person(name: str, **more: Any) -> User:
    return User.objects.create_user(name, **more)


def test_the_owner_support_and_administrators_may_what_the_policy_says(failed, drive, alice, bob):
    support, admin = person("carol"), person("dave", is_superuser=True)
    support.groups.add(Group.objects.create(name=SUPPORT_GROUP))
    allowed = {
        "retry": [alice, support, admin],
        "skip": [alice, admin],
        "recover": [alice, support, admin],
    }
    execution = failed(more="metadata: {optional: true}")
    for verb, people in allowed.items():
        for who in (alice, bob, support, admin):
            seq = Execution.objects.get().head_seq
            # Stale on purpose: who may not is told so before anything else is looked at.
            with pytest.raises(Refused) as refusal:
                getattr(decisions, verb)(execution.pk, who, expected_seq=seq - 1)
            assert refusal.value.code == ("stale" if who in people else "forbidden"), (verb, who)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("verb", ["retry", "recover", "skip"])
def test_clicked_in_many_tabs_at_once_it_is_decided_once(failed, drive, alice, broken, verb):
    execution = failed(more="metadata: {optional: true}")
    together, results = threading.Barrier(6, timeout=60), []

    def click() -> None:
        together.wait()
        try:
            getattr(decisions, verb)(execution.pk, alice, expected_seq=execution.head_seq)
            results.append("decided")
        except Refused as refusal:
            results.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=click) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results.count("decided") == 1
    assert set(results) <= {"decided", "stale", "wrong_phase"}
    assert Step.objects.filter(kind="decision").count() == 1
    assert drive(execution).phase == Phase.COMPLETED
