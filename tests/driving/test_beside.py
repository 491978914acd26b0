"""Branches in a real drive: calls of all at the same time, one boundary for what comes together,
nothing lost where the drive ends.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import close_old_connections, connection

from executions.driving import under_way
from executions.driving.attempts.running import Running
from executions.driving.chain import verify
from executions.driving.driver import advance
from executions.driving.store import Here
from executions.errors import Refused
from executions.intake.apply import apply_definition
from executions.models import (
    Ask,
    Event,
    Execution,
    LateAnswer,
    Notification,
    Process,
    Step,
    Workflow,
)
from executions.states import WaitingFor
from executions.verbs.asks import Answer, respond
from executions.verbs.deciding import control, decisions
from tests.driving import functions
from tests.driving.conftest import HEAD, new_process
from tests.driving.crashing import drive_and_die, drive_on
from tests.waiting import until

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def statuses(execution: Execution) -> dict[str, str]:
    rows = Step.objects.standing().tasks().filter(execution=execution).order_by("id")
    return {row.path: row.status for row in rows}


def test_all_branches_run_and_their_outputs_come_together_in_order(begin: Any, drive: Any) -> None:
    execution = drive(
        begin(
            """do:
- together:
    fork:
      branches:
      - a: {set: {n: '${ .x }'}}
      - b: {do: [{one: {set: {n: 2}}}, {two: {set: {n: '${ .n + 1 }'}}}]}
- after: {set: {all: '${ map(.n) }'}}
""",
            {"x": 1},
        )
    )
    assert (execution.phase, execution.output) == ("COMPLETED", {"all": [1, 3]})
    assert statuses(execution)["/together/b/two"] == "SUCCEEDED"
    assert verify(execution) is None


def noting(name: str, ledger: Any, more: str = "", function: str = "note") -> str:
    arguments = f"ledger: '{ledger.path}', line: {name}"
    return (
        f"{name}: {{call: python, with: {{function: tests.{function}, arguments:"
        f" {{{arguments}{more}}}}}}}"
    )


def test_the_calls_of_all_branches_are_made_at_the_same_time(
    begin: Any, drive: Any, ledger: Any
) -> None:
    branches = [noting(name, ledger, ", others: 3", "meet") for name in "abcd"]
    listed = "".join(f"      - {branch}\n" for branch in branches)
    execution = drive(begin(f"do:\n- together:\n    fork:\n      branches:\n{listed}"))
    assert (execution.phase, execution.output) == ("COMPLETED", ["a", "b", "c", "d"])
    assert len(ledger.done()) == len(set(ledger.keys())) == 4


FORKED = """do:
- first: {{{first}}}
- together:
    fork:
      branches:
      - a:
          do:
          - {a1}
          - {a2}
      - b:
          do:
          - pause: {{wait: {{milliseconds: 1}}}}
          - {b1}
      - c: {{set: {{c: 1}}}}
- {last}
"""


def forked(ledger: Any) -> str:
    return FORKED.format(
        first="set: {n: 0}",
        a1=noting("a1", ledger),
        a2=noting("a2", ledger),
        b1=noting("b1", ledger),
        last=noting("last", ledger),
    )


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, 10))
def test_a_process_that_dies_at_any_write_loses_nothing_and_repeats_only_what_was_under_way(
    begin: Any, ledger: Any, at: int, after: bool
) -> None:
    execution = begin(forked(ledger))
    died = drive_and_die(execution, at, after=after)
    execution = drive_on(execution)
    assert execution.phase == "COMPLETED"
    assert verify(execution) is None
    counts = {line: ledger.done().count(line) for line in ("a1", "a2", "b1", "last")}
    assert min(counts.values()) == 1
    # What was under way when it died was begun again, under its key.
    assert sum(counts.values()) <= 4 + 2 * died
    assert len(set(ledger.keys())) == 4


def test_a_branch_that_fails_leaves_its_siblings_results_and_only_it_is_tried_again(
    begin: Any, drive: Any, alice: User, ledger: Any, tmp_path: Any
) -> None:
    book = tmp_path / "fails"
    failing = (
        "bad: {call: python, with: {function: tests.fails, arguments:"
        f" {{ledger: '{book}', times: 1, transient: false}}}}}}"
    )
    execution = drive(
        begin(
            f"""do:
- together:
    fork:
      branches:
      - {noting("good", ledger)}
      - {failing}
- after: {{set: {{all: '${{ . }}'}}}}
"""
        )
    )
    assert (execution.phase, execution.current_step) == ("FAILED", "/together/bad")
    assert execution.failure_reason == "not yet"
    assert statuses(execution) == {
        "/together": "FAILED",
        "/together/good": "SUCCEEDED",
        "/together/bad": "FAILED",
    }
    decisions.retry(execution.pk, alice)
    execution = drive(execution)
    assert execution.phase == "COMPLETED"
    assert execution.output["all"][1] == {"tries": 2}
    assert ledger.done() == ["good"]
    assert verify(execution) is None


def test_two_that_fail_are_both_named_and_both_tried_again(
    begin: Any, drive: Any, alice: User, tmp_path: Any
) -> None:
    def failing(name: str) -> str:
        return (
            f"{name}: {{call: python, with: {{function: tests.fails, arguments: {{ledger:"
            f" '{tmp_path / name}', times: 1, transient: false, message: {name} is down}}}}}}"
        )

    execution = drive(
        begin(
            "do:\n- together:\n    fork:\n      branches:\n"
            f"      - x: {{do: [{failing('one')}]}}\n      - {failing('two')}\n"
        )
    )
    assert execution.phase == "FAILED"
    assert execution.failure_reason == "2 branches failed: x (one is down); two (two is down)"
    decisions.retry(execution.pk, alice)
    execution = drive(execution)
    assert (execution.phase, execution.output) == ("COMPLETED", [{"tries": 2}, {"tries": 2}])
    assert verify(execution) is None


def waiting_for_file(name: str, gate: Any, ledger: Any) -> str:
    return (
        f"{name}: {{call: python, with: {{function: tests.gated, arguments:"
        f" {{ledger: '{ledger.path}', line: {name}, gate: '{gate}'}}}}}}"
    )


class Driven:
    """A run that is driven by a thread of its own, as by a worker."""

    def __init__(self, execution: Execution) -> None:
        self.pk, self.running = execution.pk, Running()
        self._process = new_process()
        self._pool = ThreadPoolExecutor(1)
        self.done = self._pool.submit(self._drive)

    def _drive(self) -> None:
        try:
            advance(self.pk, process_id=self._process.pk, store=Here(), running=self.running)
        finally:
            close_old_connections()
            connection.close()

    def end(self) -> Execution:
        self.done.result(60)
        self._pool.shutdown()
        return Execution.objects.get(pk=self.pk)


def is_status(execution: Execution, path: str, status: str) -> Any:
    return lambda: statuses(execution).get(path) == status


@pytest.fixture
def gate(tmp_path: Any) -> Any:
    return tmp_path / "gate"


TIMED = """do:
- together:
    fork:
      branches:
      - long: {{do: [{{{long}}}]}}
      - short:
          do:
          - {first}
          - pause: {{wait: {{milliseconds: 20}}}}
          - {second}
"""


@pytest.mark.django_db(transaction=True)
def test_timers_and_calls_of_others_go_on_while_one_call_takes_long(
    begin: Any, ledger: Any, gate: Any
) -> None:
    execution = begin(
        TIMED.format(
            long=waiting_for_file("long", gate, ledger),
            first=noting("first", ledger),
            second=noting("second", ledger),
        )
    )
    driven = Driven(execution)
    until(is_status(execution, "/together/short", "SUCCEEDED"), what="its step is there")
    assert statuses(execution)["/together/long/long"] == "RUNNING"
    gate.touch()
    ended = driven.end()
    assert (ended.phase, ledger.done()) == ("COMPLETED", ["first", "second", "long"])


@pytest.mark.django_db(transaction=True)
def test_a_pause_lets_all_that_has_begun_come_to_its_outcome_and_begins_nothing(
    begin: Any, drive: Any, alice: User, ledger: Any, gate: Any
) -> None:
    one, two = (waiting_for_file(name, gate, ledger) for name in ("one", "two"))
    execution = begin(
        f"""do:
- together:
    fork:
      branches:
      - a: {{do: [{{{one}}}, {{{noting("after", ledger)}}}]}}
      - b: {{do: [{{{two}}}, {{{noting("later", ledger)}}}]}}
"""
    )
    driven = Driven(execution)
    until(lambda: list(statuses(execution).values()).count("RUNNING") == 5, what="all have begun")
    control.pause(execution.pk, alice)
    gate.touch()
    paused = driven.end()
    assert paused.phase == "PAUSED"
    found = statuses(execution)
    assert found["/together/a/one"] == found["/together/b/two"] == "SUCCEEDED"
    assert "/together/a/after" not in found
    control.resume(execution.pk, alice)
    ended = drive(paused)
    assert ended.phase == "COMPLETED"
    assert sorted(ledger.done()) == ["after", "later", "one", "two"]
    assert verify(ended) is None


@pytest.mark.django_db(transaction=True)
def test_a_cancel_closes_all_that_is_under_way_as_unknown(
    begin: Any, alice: User, ledger: Any, gate: Any
) -> None:
    one, two = (waiting_for_file(name, gate, ledger) for name in ("one", "two"))
    execution = begin(
        f"do:\n- together:\n    fork: {{branches: [{{{one}}}, {{{two}}}, {{w: {{wait: PT1H}}}}]}}\n"
    )
    driven = Driven(execution)
    until(lambda: list(statuses(execution).values()).count("RUNNING") == 3, what="all have begun")
    control.cancel(execution.pk, alice)
    driven.running.cancel(execution.pk)
    gate.touch()
    ended = driven.end()
    assert ended.phase == "CANCELLED"
    found = statuses(execution)
    assert found["/together"] == found["/together/w"] == "CANCELLED"
    assert verify(ended) is None


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_stops_waits_for_what_has_begun_and_gives_the_run_back(
    begin: Any, drive: Any, ledger: Any, gate: Any
) -> None:
    one, two = (waiting_for_file(name, gate, ledger) for name in ("one", "two"))
    execution = begin(
        f"do:\n- t:\n    fork: {{branches: [{{{one}}}, {{b: {{do: [{{{two}}},"
        f" {{{noting('three', ledger)}}}]}}}}]}}\n"
    )
    driven = Driven(execution)
    until(lambda: list(statuses(execution).values()).count("RUNNING") == 4, what="all have begun")
    driven.running.stopping.set()
    gate.touch()
    left = driven.end()
    assert left.phase == "PENDING"
    assert statuses(execution)["/t/one"] == statuses(execution)["/t/b/two"] == "SUCCEEDED"
    assert drive(left).phase == "COMPLETED"
    assert sorted(ledger.done()) == ["one", "three", "two"]


@pytest.mark.django_db(transaction=True)
def test_a_person_answers_one_branch_while_another_is_under_way(
    begin: Any, alice: User, ledger: Any, gate: Any
) -> None:
    execution = begin(
        f"""do:
- together:
    fork:
      branches:
      - long: {{do: [{{{waiting_for_file("long", gate, ledger)}}}]}}
      - asked:
          do:
          - ask: {{call: human, with: {{prompt: Go on?}}}}
          - {noting("answered", ledger)}
"""
    )
    driven = Driven(execution)
    until(is_status(execution, "/together/asked/ask", "WAITING"), what="its step is there")
    ask = Ask.objects.get(execution=execution)
    respond(ask, alice, Answer("approve", comment="fine"))
    with pytest.raises(Refused, match="answered already"):
        respond(ask, alice, Answer("deny"))
    until(is_status(execution, "/together/asked/answered", "SUCCEEDED"), what="its step is there")
    assert statuses(execution)["/together/long/long"] == "RUNNING"
    gate.touch()
    ended = driven.end()
    assert ended.phase == "COMPLETED"
    output = Step.objects.get(execution=execution, path="/together/asked/ask").output
    assert (output["outcome"], output["reviewer"]) == ("approve", "alice")


def test_a_run_waits_for_several_things_at_once_and_goes_on_with_each(
    begin: Any, drive: Any, later: Any, alice: User, ledger: Any
) -> None:
    execution = drive(
        begin(
            f"""do:
- together:
    fork:
      branches:
      - timed: {{do: [{{pause: {{wait: {{minutes: 5}}}}}}, {{{noting("timed", ledger)}}}]}}
      - asked: {{do: [{{ask: {{call: human, with: {{prompt: Go on?}}}}}}]}}
      - asked2: {{do: [{{ask: {{call: human, with: {{prompt: And this?}}}}}}]}}
"""
        )
    )
    assert (execution.phase, execution.waiting_for) == ("WAITING", "timer, an answer")
    assert execution.waits_for(WaitingFor.ANSWER)
    assert execution.waits_for(WaitingFor.TIMER)
    timer = Step.objects.get(execution=execution, path="/together/timed/pause").wake_at
    assert execution.wake_at == timer
    # Each question is told with its own event.
    told = Event.objects.filter(execution=execution, name="WORKFLOW_ASKED")
    assert {event.payload["path"] for event in told} == {
        "/together/asked/ask",
        "/together/asked2/ask",
    }
    assert Notification.objects.filter(event__in=told).values("event").distinct().count() == 2
    later(301)
    execution = drive(execution)
    assert (execution.waiting_for, ledger.done()) == ("an answer", ["timed"])
    for ask in Ask.objects.filter(execution=execution):
        respond(ask, alice, Answer("approve"))
        execution = drive(execution)
    assert execution.phase == "COMPLETED"
    assert ledger.done() == ["timed"]
    assert verify(execution) is None


@pytest.mark.django_db(transaction=True)
def test_who_loses_a_race_is_closed_and_of_its_call_nobody_knows(
    begin: Any, ledger: Any, gate: Any
) -> None:
    execution = begin(
        f"""do:
- race:
    fork:
      compete: true
      branches:
      - slow: {{do: [{{{waiting_for_file("slow", gate, ledger)}}}, {{{noting("more", ledger)}}}]}}
      - fast: {{do: [{{{noting("fast", ledger)}}}]}}
      - waits: {{wait: {{hours: 1}}}}
- after: {{set: {{won: '${{ .line }}'}}}}
"""
    )
    ended = Driven(execution).end()
    assert (ended.phase, ended.output) == ("COMPLETED", {"won": "fast"})
    slow = Step.objects.get(execution=execution, path="/race/slow/slow")
    assert (slow.status, slow.control["outcome_unknown"]) == ("CANCELLED", True)
    found = statuses(execution)
    assert found["/race/waits"] == found["/race/slow"] == "CANCELLED"
    assert Step.objects.get(execution=execution, path="/race").control["winner"] == "fast"
    assert verify(ended) is None
    gate.touch()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, 8))
def test_a_race_that_dies_at_any_write_has_one_winner(
    begin: Any, ledger: Any, at: int, after: bool
) -> None:
    execution = begin(
        f"""do:
- race:
    fork:
      compete: true
      branches:
      - a: {{do: [{{{noting("a1", ledger)}}}, {{{noting("a2", ledger)}}}]}}
      - b: {{do: [{{{noting("b1", ledger)}}}, {{{noting("b2", ledger)}}}]}}
- after: {{set: {{won: '${{ .line }}'}}}}
"""
    )
    drive_and_die(execution, at, after=after)
    ended = drive_on(execution)
    assert ended.phase == "COMPLETED"
    winner = Step.objects.standing().get(execution=execution, path="/race").control["winner"]
    assert ended.output == {"won": f"{winner}2"}
    assert verify(ended) is None


def test_a_call_that_is_retried_later_holds_up_nobody(
    begin: Any, drive: Any, later: Any, ledger: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr("executions.calls.kind.CALL_RETRY_DELAYS", [60.0])
    flaky = (
        "flaky: {call: python, with: {function: tests.fails, arguments:"
        f" {{ledger: '{tmp_path / 'book'}', times: 1}}}}}}"
    )
    execution = drive(
        begin(
            f"do:\n- t:\n    fork: {{branches: [{{{flaky}}}, {{b: {{do: [{{{noting('one', ledger)}}},"
            f" {{{noting('two', ledger)}}}]}}}}]}}\n"
        )
    )
    assert (execution.phase, execution.waiting_for) == ("WAITING", "back-off")
    assert statuses(execution) == {
        "/t": "RUNNING",
        "/t/flaky": "RETRYING",
        "/t/b": "SUCCEEDED",
        "/t/b/one": "SUCCEEDED",
        "/t/b/two": "SUCCEEDED",
    }
    later(61)
    assert drive(execution).phase == "COMPLETED"
    assert ledger.done() == ["one", "two"]


def test_a_call_that_may_happen_once_asks_and_its_siblings_go_on(
    begin: Any, drive: Any, alice: User, ledger: Any
) -> None:
    execution = begin(
        f"do:\n- t:\n    fork: {{branches: [{{{noting('once', ledger, function='note_once')}}},"
        f" {{{noting('free', ledger)}}}]}}\n"
    )
    # It dies once both have been made and before their outcomes are written.
    assert drive_and_die(execution, 3)
    asking = drive_on(execution)
    assert (asking.phase, asking.waiting_for) == ("WAITING", "decision")
    assert statuses(asking)["/t/free"] == "SUCCEEDED"
    decisions.decide(asking.pk, alice, "mark_done", output="done")
    ended = drive(asking)
    assert (ended.phase, ended.output[0]) == ("COMPLETED", "done")
    assert ledger.done().count("once") == 1


def test_a_function_whose_writes_commit_with_its_step_runs_alone_and_once(
    begin: Any, drive: Any, ledger: Any
) -> None:
    renames = (
        "rename: {call: python, with: {function: tests.rename, arguments: {slug: one, name: '!'}}}"
    )
    execution = drive(
        begin(
            f"do:\n- t:\n    fork: {{branches: [{{{noting('x', ledger)}}}, {{{renames}}},"
            f" {{{noting('y', ledger)}}}]}}\n"
        )
    )
    assert execution.phase == "COMPLETED", execution.failure_reason
    assert Workflow.objects.get(slug="one").name.count("!") == 1
    assert sorted(ledger.done()) == ["x", "y"]
    assert verify(execution) is None


def test_only_so_many_calls_of_a_run_are_made_at_once(
    begin: Any, drive: Any, ledger: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(under_way, "MOST_AT_ONCE", 3)
    names = [f"c{number}" for number in range(10)]
    branches = "".join(f"      - {noting(name, ledger, function='counted')}\n" for name in names)
    functions.MOST.clear()
    execution = drive(begin(f"do:\n- t:\n    fork:\n      branches:\n{branches}"))
    assert (execution.phase, execution.output) == ("COMPLETED", names)
    assert max(functions.MOST) <= 3


def test_where_no_slot_is_free_a_run_makes_one_call_after_the_other(
    begin: Any, process: Any, ledger: Any
) -> None:
    class Full:
        def take(self, owner_id: int) -> bool:
            return False

        def give(self, owner_id: int) -> None:
            raise AssertionError("nothing was taken")

    names = [f"c{number}" for number in range(5)]
    branches = "".join(f"      - {noting(name, ledger, function='counted')}\n" for name in names)
    functions.MOST.clear()
    execution = begin(f"do:\n- t:\n    fork:\n      branches:\n{branches}")
    running = Running()
    running.places = Full()
    assert advance(execution.pk, process_id=process.pk, store=Here(), running=running)
    execution = Execution.objects.get(pk=execution.pk)
    assert (execution.phase, execution.output) == ("COMPLETED", names)
    assert max(functions.MOST) == 1


def test_who_decides_while_calls_of_other_branches_are_under_way_is_told_so(
    begin: Any, alice: User, ledger: Any
) -> None:
    execution = begin(
        f"do:\n- t:\n    fork: {{branches: [{{{noting('once', ledger, function='note_once')}}},"
        f" {{{noting('free', ledger)}}}]}}\n"
    )
    assert drive_and_die(execution, 3)
    asking = drive_on(execution)
    # As it stands while another branch's call takes long.
    Execution.objects.filter(pk=asking.pk).update(phase="IN_PROGRESS", process=new_process())
    with pytest.raises(Refused, match="calls of its other branches are under way"):
        decisions.decide(asking.pk, alice, "mark_done", output="done")


@pytest.mark.django_db(transaction=True)
def test_answers_of_all_branches_are_kept_where_the_lease_was_lost(
    begin: Any, ledger: Any, gate: Any
) -> None:
    one, two = (
        waiting_for_file(name, gate, ledger).replace("tests.gated", "tests.gated_once")
        for name in ("one", "two")
    )
    execution = begin(f"do:\n- t:\n    fork: {{branches: [{{{one}}}, {{{two}}}]}}\n")
    driven = Driven(execution)
    until(lambda: list(statuses(execution).values()).count("RUNNING") == 3, what="both began")
    Process.objects.filter(executions=execution).get().declare_dead("its heartbeat stopped")
    assert drive_on(execution).waiting_for == "decision"
    gate.touch()
    driven.end()
    late = LateAnswer.objects.filter(execution=execution)
    assert sorted(answer.output for answer in late) == ["one", "two"]


def test_a_catch_cancels_the_run_that_an_open_branch_waits_for(
    begin: Any, alice: User, ledger: Any
) -> None:
    apply_definition(HEAD % "child" + "do: [{w: {wait: {hours: 1}}}]\n", alice)
    execution = begin(
        """do:
- guard:
    try:
    - t:
        fork:
          branches:
          - other: {run: {workflow: {namespace: tests, name: child}}}
          - bad:
              do:
              - pause: {wait: {milliseconds: 1}}
              - fail: {raise: {error: {type: 'https://x.example/e', status: 409}}}
    catch: {do: [{after: {set: {caught: true}}}]}
"""
    )
    ended = drive_on(execution)
    assert (ended.phase, ended.output) == ("COMPLETED", {"caught": True})
    child = Execution.objects.get(parent=execution)
    assert child.phase == "CANCELLED"
    assert statuses(ended)["/guard/try@1/t/other"] == "CANCELLED"
    assert verify(ended) is None


def test_children_of_several_branches_run_and_wake_their_parent(
    begin: Any, alice: User, ledger: Any
) -> None:
    apply_definition(HEAD % "child" + "do: [{a: {set: {got: '${ .n }'}}}]\n", alice)
    execution = begin(
        """do:
- each:
    for: {in: '${ [1, 2, 3, 4] }'}
    do: [{go: {run: {workflow: {namespace: tests, name: child, input: {n: '${ $item }'}}}}}]
    metadata: {parallel: 3}
"""
    )
    for _ in range(6):
        for key in Execution.objects.order_by("-id").values_list("pk", flat=True):
            drive_on(Execution.objects.get(pk=key))
    ended = Execution.objects.get(pk=execution.pk)
    assert ended.phase == "COMPLETED", (ended.phase, ended.waiting_for)
    assert ended.output == [{"got": number} for number in (1, 2, 3, 4)]
    assert Execution.objects.filter(parent=execution).count() == 4


def test_an_optional_branch_that_failed_is_skipped_and_the_rest_stays(
    begin: Any, drive: Any, alice: User, ledger: Any, tmp_path: Any
) -> None:
    bad = (
        "bad: {call: python, with: {function: tests.fails, arguments:"
        f" {{ledger: '{tmp_path / 'book'}', times: 9, transient: false}}}}, metadata: {{optional:"
        " true}}"
    )
    execution = drive(
        begin(
            f"do:\n- t:\n    fork: {{branches: [{{{noting('good', ledger)}}}, {{b: {{do: [{{{bad}}},"
            f" {{{noting('next', ledger)}}}]}}}}]}}\n"
        )
    )
    decisions.skip(execution.pk, alice)
    ended = drive(execution)
    assert ended.phase == "COMPLETED"
    assert ledger.done() == ["good", "next"]
    assert verify(ended) is None


def test_the_runs_of_two_branches_that_failed_both_go_on_with_a_retry(
    begin: Any, alice: User, tmp_path: Any
) -> None:
    for name in ("one", "two"):
        failing = (
            "{call: python, with: {function: tests.fails, arguments:"
            f" {{ledger: '{tmp_path / name}', times: 1, transient: false}}}}}}"
        )
        apply_definition(HEAD % f"child-{name}" + f"do: [{{a: {failing}}}]\n", alice)
    execution = begin(
        """do:
- t:
    fork:
      branches:
      - x: {run: {workflow: {namespace: tests, name: child-one}}}
      - y: {run: {workflow: {namespace: tests, name: child-two}}}
"""
    )

    def go_on() -> Execution:
        for _ in range(4):
            for key in Execution.objects.order_by("-id").values_list("pk", flat=True):
                drive_on(Execution.objects.get(pk=key))
        return Execution.objects.get(pk=execution.pk)

    assert go_on().phase == "FAILED"
    children = Execution.objects.filter(parent=execution)
    if children.filter(phase="FAILED").count() == 1:
        # One had failed before the other had begun to: what waits stays open, and goes on.
        assert go_on().phase == "FAILED"
    decisions.retry(execution.pk, alice)
    ended = go_on()
    if ended.phase == "FAILED":
        decisions.retry(execution.pk, alice)
        ended = go_on()
    assert (ended.phase, ended.output) == ("COMPLETED", [{"tries": 2}, {"tries": 2}])
    assert children.count() == 2


def test_a_branch_that_listens_hears_its_event_while_another_waits(
    begin: Any, drive: Any, alice: User, ledger: Any
) -> None:
    execution = drive(
        begin(
            f"""do:
- t:
    fork:
      branches:
      - hears: {{do: [{{ear: {{listen: {{to: {{one: {{with: {{type: shop.paid}}}}}}}}}}}}]}}
      - tells:
          do:
          - pause: {{wait: {{milliseconds: 1}}}}
          - tell: {{emit: {{event: {{with: {{source: 'https://x.example', type: shop.paid}}}}}}}}
          - {noting("told", ledger)}
"""
        )
    )
    assert execution.phase in ("WAITING", "COMPLETED"), execution.failure_reason
    assert ledger.done() == ["told"]
    assert statuses(execution)["/t/tells"] == "SUCCEEDED"
    assert verify(execution) is None


def test_all_calls_that_were_under_way_when_its_processes_ended_are_suspects(
    begin: Any, drive: Any, alice: User, ledger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("executions.driving.crashes.LONELY_CRASHES", 1)
    execution = begin(
        f"do:\n- t:\n    fork: {{branches: [{{{noting('one', ledger)}}}, {{b: {{do: [{{"
        f"{noting('two', ledger)}}}]}}}}, {{w: {{wait: PT1H}}}}]}}\n"
    )
    assert drive_and_die(execution, 3)
    aside = drive_on(execution)
    assert (aside.phase, aside.requires_manual_intervention) == ("FAILED", True)
    found = statuses(aside)
    assert found["/t/one"] == found["/t/b/two"] == found["/t"] == "FAILED"
    assert found["/t/w"] == "WAITING"
    assert verify(aside) is None
    decisions.retry(execution.pk, alice)
    going = drive_on(execution)
    assert (going.phase, going.waiting_for) == ("WAITING", "timer"), going.failure_reason
    assert statuses(going)["/t/one"] == statuses(going)["/t/b/two"] == "SUCCEEDED"
    assert len(set(ledger.keys())) == 2
