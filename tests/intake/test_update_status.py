"""UpdateStatus: the checklist of its document, stage by stage, and whole runs that an external
runner drives.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import DataError, OperationalError, transaction

from executions import nudges
from executions.driving.chain import verify
from executions.errors import Refused
from executions.ids import public_id
from executions.intake import update_status as stages
from executions.intake.pipeline import StageFailed
from executions.intake.start import start, start_agent
from executions.intake.status_update import StatusUpdate
from executions.intake.update_status import PIPELINES, StatusDraft, update_status
from executions.models import (
    Agent,
    AgentMessage,
    AgentToolCall,
    Event,
    Execution,
    Notification,
    Step,
    Workflow,
)
from executions.models.moves import write
from executions.states import Phase
from executions.verbs.deciding import control
from executions.verbs.deciding.decisions import recover, retry

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]
EARLY, LATE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def execution(workflow: Workflow, alice: User) -> Execution:
    return start(workflow, alice, input={"x": 1}, runner="external")


@pytest.fixture
def agent_run(agent: Agent, alice: User) -> Execution:
    return start_agent(agent, alice, message="hello", runner="external")


def task(name: str, status: str, **more: Any) -> dict[str, Any]:
    return {"task_name": name, "status": status, **more}


@pytest.fixture
def report(execution: Execution, alice: User) -> Any:
    """``report(phase=…, tasks=…)``: the next update of the workflow's execution, and the row
    afterwards.
    """
    count = iter(range(1, 1000))

    def reported(**fields: Any) -> Execution:
        return update_status(execution.pk, alice, {"sequence": next(count), **fields}).execution

    return reported


def draft(execution: Any, actor: Any, **update: Any) -> StatusDraft:
    return StatusDraft(
        kind="workflow", execution_id=execution, actor=actor, given={"sequence": 1, **update}
    )


def built(execution: Execution, actor: Any, **update: Any) -> StatusDraft:
    asked = draft(execution.pk, actor, **update)
    with transaction.atomic():
        for stage in PIPELINES["workflow"].stages[:3]:
            stage(asked)
    return asked


def steps(execution: Execution) -> list[tuple[str, str]]:
    rows = Step.objects.filter(execution=execution).standing().tasks().order_by("id")
    return list(rows.values_list("name", "status"))


@pytest.mark.parametrize("kind", ["workflow", "agent"])
def test_the_five_stages_stand_in_the_order_of_the_document(kind: Any) -> None:
    assert PIPELINES[kind].steps == [
        "ValidateUpdateStatusInput",
        "LoadExistingExecution",
        "BuildNewStateWithStatus",
        "PersistExecution",
        "BroadcastToStreams",
    ]


class TestValidateUpdateStatusInput:
    def test_a_good_update_is_read(self, alice: User) -> None:
        asked = draft(uuid.uuid4(), alice, phase="EXECUTION_IN_PROGRESS")
        stages.validate_update_status_input(asked)
        assert asked.update is not None
        assert asked.update.to == Phase.IN_PROGRESS

    @pytest.mark.parametrize(
        "given", [None, {}, {"phase": "COMPLETED"}, {"sequence": 1, "spec": {}}]
    )
    def test_no_status_and_a_status_that_cannot_be_read_are_invalid(
        self, alice: User, given: Any
    ) -> None:
        with pytest.raises(Refused) as caught:
            update_status(uuid.uuid4(), alice, given)
        assert caught.value.code == "invalid"
        assert str(caught.value).startswith("pipeline step ValidateUpdateStatusInput failed")

    @pytest.mark.parametrize("execution_id", [None, ""])
    def test_no_execution_id_is_invalid(self, alice: User, execution_id: Any) -> None:
        with pytest.raises(Refused, match="execution_id is missing") as caught:
            update_status(execution_id, alice, {"sequence": 1})
        assert caught.value.code == "invalid"

    @pytest.mark.parametrize(
        "update",
        [
            {"tasks": [task("a", "DONE")]},
            {"tasks": [task("a\x00", "COMPLETED")]},
            {"output": "x" * 2_000_000},
            {"output": float("inf")},
            {"sequence": 0},
            {"sequence": "1"},
            {"messages": []},
            {"tasks": [task("a", "COMPLETED"), task("a", "FAILED")]},
        ],
    )
    def test_what_cannot_be_stored_is_invalid_and_changes_nothing(
        self, execution: Execution, alice: User, update: Any
    ) -> None:
        with pytest.raises(Refused) as caught:
            update_status(execution.pk, alice, {"sequence": 1, **update})
        assert caught.value.code == "invalid"
        assert Execution.objects.get().head_seq == 0


class TestLoadExistingExecution:
    def test_it_is_kept_in_the_draft(self, execution: Execution, alice: User) -> None:
        asked = draft(execution.public_id, alice)
        stages.validate_update_status_input(asked)
        with transaction.atomic():
            stages.load_existing_execution(asked)
        assert asked.existing_execution == execution

    @pytest.mark.parametrize(
        "unknown", [uuid.UUID(int=7), public_id("wex", uuid.UUID(int=7)), "nonsense", "aex-0"]
    )
    def test_an_unknown_one_is_not_found(self, alice: User, unknown: Any) -> None:
        with pytest.raises(Refused) as caught:
            update_status(unknown, alice, {"sequence": 1})
        assert caught.value.code == "not_found"

    def test_a_run_of_the_other_kind_is_not_found(self, agent_run: Execution, alice: User) -> None:
        with pytest.raises(Refused) as caught:
            update_status(agent_run.pk, alice, {"sequence": 1})
        assert caught.value.code == "not_found"

    def test_anothers_run_is_not_found(self, execution: Execution, bob: User) -> None:
        with pytest.raises(Refused) as caught:
            update_status(execution.pk, bob, {"sequence": 1})
        assert caught.value.code == "not_found"

    def test_support_sees_it_and_may_not_report(self, execution: Execution, bob: User) -> None:
        bob.groups.add(Group.objects.create(name="Support"))
        with pytest.raises(Refused) as caught:
            update_status(execution.pk, bob, {"sequence": 1})
        assert caught.value.code == "forbidden"

    def test_one_that_our_workers_drive_is_a_conflict(
        self, workflow: Workflow, alice: User
    ) -> None:
        ours = start(workflow, alice, input={})
        with pytest.raises(Refused, match="our own workers") as caught:
            update_status(ours.pk, alice, {"sequence": 1, "phase": "COMPLETED"})
        assert caught.value.code == "conflict"


class TestBuildNewStateWithStatus:
    def test_tasks_replace_the_list_and_a_missing_one_is_superseded_not_deleted(
        self, execution: Execution, report: Any
    ) -> None:
        report(
            phase="IN_PROGRESS", tasks=[task("a", "COMPLETED", output=1), task("b", "IN_PROGRESS")]
        )
        report(tasks=[task("b", "COMPLETED"), task("c", "PENDING")])
        assert steps(execution) == [("b", "SUCCEEDED"), ("c", "WAITING")]
        gone = Step.objects.get(execution=execution, name="a")
        assert gone.superseded_by is not None
        assert (gone.status, gone.output, gone.superseded_by.name) == (
            "SUCCEEDED",
            1,
            "update_status",
        )

    def test_absent_tasks_stay_and_an_empty_list_empties(
        self, execution: Execution, report: Any
    ) -> None:
        report(phase="IN_PROGRESS", tasks=[task("a", "IN_PROGRESS")])
        report(output={"partial": True})
        assert steps(execution) == [("a", "RUNNING")]
        report(tasks=[])
        assert steps(execution) == []

    def test_the_phase_changes_only_where_it_is_given(self, report: Any) -> None:
        assert report(phase="EXECUTION_IN_PROGRESS").phase == Phase.IN_PROGRESS
        assert report(output=1).phase == Phase.IN_PROGRESS
        assert report(phase="EXECUTION_PHASE_UNSPECIFIED").phase == Phase.IN_PROGRESS
        assert report(phase="COMPLETED").phase == Phase.COMPLETED

    def test_the_output_changes_only_where_it_is_given(self, report: Any) -> None:
        assert report(phase="IN_PROGRESS", output={"a": 1}).output == {"a": 1}
        assert report(phase="IN_PROGRESS").output == {"a": 1}
        assert report(output=None).output is None

    def test_the_error_changes_only_where_it_is_given(self, report: Any) -> None:
        error = report(phase="IN_PROGRESS", error="no connection").error
        assert (error["detail"], error["status"]) == ("no connection", 500)
        assert report(output=1).error == error

    def test_the_times_change_only_where_they_are_given(self, report: Any) -> None:
        assert report(phase="IN_PROGRESS", started_at=EARLY.isoformat()).started_at == EARLY
        assert report(phase="IN_PROGRESS").started_at == EARLY
        done = report(phase="COMPLETED", completed_at=LATE.isoformat())
        assert (done.started_at, done.ended_at) == (EARLY, LATE)

    def test_the_runners_own_id_changes_only_where_it_is_given(self, report: Any) -> None:
        assert report(runner_reference="job-7").runner_reference == "job-7"
        assert report(output=1).runner_reference == "job-7"

    def test_what_the_run_was_asked_to_do_never_changes(
        self, execution: Execution, report: Any
    ) -> None:
        names = (
            "name",
            "slug",
            "input",
            "workflow_id",
            "version_id",
            "instance_id",
            "owner_id",
            "created_at",
            "correlation_id",
            "kind",
            "runner",
        )
        before = {name: getattr(Execution.objects.get(), name) for name in names}
        report(phase="IN_PROGRESS", tasks=[task("a", "COMPLETED")])
        after = report(phase="COMPLETED", output=1)
        assert {name: getattr(after, name) for name in names} == before

    def test_building_alone_writes_nothing(self, execution: Execution, alice: User) -> None:
        asked = built(execution, alice, phase="COMPLETED", tasks=[task("a", "COMPLETED")])
        assert [move.phase for move in asked.moves] == [Phase.IN_PROGRESS, Phase.COMPLETED]
        assert (Execution.objects.get().phase, Step.objects.count()) == (Phase.PENDING, 0)

    def test_a_finished_task_that_is_told_otherwise_is_a_new_step(
        self, execution: Execution, report: Any
    ) -> None:
        report(phase="IN_PROGRESS", tasks=[task("a", "FAILED", error="once")])
        report(tasks=[task("a", "COMPLETED", output=2)])
        assert steps(execution) == [("a", "SUCCEEDED")]
        assert Step.objects.filter(name="a").count() == 2

    def test_the_same_list_again_writes_no_step(self, execution: Execution, report: Any) -> None:
        tasks = [task("a", "COMPLETED", output=1), task("b", "IN_PROGRESS", input={"k": 1})]
        report(phase="IN_PROGRESS", tasks=tasks)
        before = list(Step.objects.order_by("id").values_list("id", "seq", "changed_seq"))
        report(tasks=tasks)
        assert list(Step.objects.order_by("id").values_list("id", "seq", "changed_seq")) == before

    def test_a_task_called_decision_is_a_task(self, execution: Execution, report: Any) -> None:
        report(phase="IN_PROGRESS", tasks=[task("@decision/1", "COMPLETED", task_type="DECISION")])
        assert steps(execution) == [("@decision/1", "SUCCEEDED")]
        assert Step.objects.get().kind == "task"


class TestPersistExecution:
    def test_what_was_merged_is_stored_and_read_back(
        self, execution: Execution, alice: User
    ) -> None:
        asked = built(execution, alice, phase="IN_PROGRESS", tasks=[task("a", "COMPLETED")])
        with transaction.atomic():
            stages.persist_execution(asked)
        assert asked.execution is not None
        assert (asked.execution.phase, asked.execution.progress_done) == (Phase.IN_PROGRESS, 1)

    def test_a_failing_save_is_an_internal_error_that_names_the_stage(
        self, execution: Execution, alice: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(move: Any) -> None:
            raise DataError("a value has no place in its column")

        monkeypatch.setattr(stages, "write", broken)
        with pytest.raises(
            StageFailed, match="pipeline step PersistExecution failed: a value has no place"
        ):
            update_status(execution.pk, alice, {"sequence": 1, "phase": "IN_PROGRESS"})
        assert Execution.objects.get().phase == Phase.PENDING

    def test_a_save_that_met_passing_trouble_begins_anew_with_what_was_sent(
        self, execution: Execution, alice: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real, tries = write, []

        def broken_once(move: Any) -> Any:
            tries.append(1)
            if len(tries) == 1:
                raise OperationalError("server closed the connection unexpectedly")
            return real(move)

        monkeypatch.setattr(stages, "write", broken_once)
        stored = update_status(
            execution.pk, alice, {"sequence": 1, "phase": "IN_PROGRESS"}
        ).execution
        assert (stored.phase, len(tries)) == (Phase.IN_PROGRESS, 2)


class TestBroadcastToStreams:
    def test_without_a_listener_nothing_fails(self, report: Any) -> None:
        assert report(phase="IN_PROGRESS").phase == Phase.IN_PROGRESS

    def test_a_listener_hears_of_it_once_with_the_sequence_that_is_stored(
        self, execution: Execution, alice: User, announced: list[dict[str, object]]
    ) -> None:
        stored = update_status(execution.pk, alice, {"sequence": 1, "phase": "COMPLETED"}).execution
        assert announced == [
            {
                "type": "nudge",
                "execution": str(execution.pk),
                "seq": stored.head_seq,
                "owner": alice.pk,
            }
        ]

    def test_nobody_hears_of_it_before_it_is_committed(
        self, execution: Execution, alice: User, announced: list[dict[str, object]]
    ) -> None:
        with transaction.atomic():
            update_status(execution.pk, alice, {"sequence": 1, "phase": "COMPLETED"})
            assert announced == []
        assert len(announced) == 1

    def test_a_listener_that_breaks_does_not_fail_the_update(
        self, execution: Execution, alice: User, caplog: pytest.LogCaptureFixture
    ) -> None:
        def broken(nudge: dict[str, object]) -> None:
            raise OSError("buffer full")

        nudges.use_publisher(broken)
        try:
            update_status(execution.pk, alice, {"sequence": 1, "phase": "COMPLETED"})
        finally:
            nudges.use_publisher(None)
        assert Execution.objects.get().phase == Phase.COMPLETED

    def test_an_ignored_update_is_not_announced(
        self, execution: Execution, alice: User, announced: list[dict[str, object]]
    ) -> None:
        for _ in range(2):
            update_status(execution.pk, alice, {"sequence": 1, "phase": "IN_PROGRESS"})
        assert len(announced) == 1


def test_progress_counts_what_was_reported_as_finished_even_where_the_run_completed(
    report: Any,
) -> None:
    tasks = [task("a", "COMPLETED"), task("b", "PENDING"), task("c", "PENDING")]
    report(phase="IN_PROGRESS", tasks=tasks)
    done = report(phase="COMPLETED", tasks=tasks)
    assert (done.phase, done.progress_done, done.progress_total) == (Phase.COMPLETED, 1, 3)


def test_an_external_runner_drives_a_whole_execution(execution: Execution, report: Any) -> None:
    report(
        phase="IN_PROGRESS",
        tasks=[task("a", "IN_PROGRESS"), task("b", "PENDING"), task("c", "PENDING")],
    )
    report(
        tasks=[
            task("a", "COMPLETED", output={"n": 1}),
            task("b", "IN_PROGRESS"),
            task("c", "PENDING"),
        ]
    )
    halfway = Execution.objects.get()
    assert (halfway.progress_done, halfway.progress_total, halfway.current_step) == (1, 3, "/b")
    assert halfway.last_checkpoint_at is not None
    done = report(
        phase="COMPLETED",
        output={"n": 3},
        tasks=[
            task("a", "COMPLETED", output={"n": 1}),
            task("b", "SKIPPED"),
            task("c", "COMPLETED"),
        ],
    )
    assert (done.phase, done.output, done.progress_done, done.progress_total) == (
        "COMPLETED",
        {"n": 3},
        3,
        3,
    )
    assert list(Event.objects.values_list("name", flat=True)) == [
        "WORKFLOW_STARTED",
        "WORKFLOW_COMPLETED",
    ]
    assert verify(done) is None
    numbers = [
        *Step.objects.values_list("seq", flat=True),
        *Event.objects.values_list("seq", flat=True),
    ]
    assert len(set(numbers)) == len(numbers)
    assert max(number or 0 for number in numbers) == done.head_seq


def test_a_run_that_fails_says_why_and_its_owner_is_told(
    execution: Execution, alice: User, report: Any
) -> None:
    report(phase="IN_PROGRESS", tasks=[task("charge", "IN_PROGRESS")])
    failed = report(phase="FAILED", tasks=[task("charge", "FAILED", error="<b>card</b> declined")])
    assert (failed.failure_reason, failed.failed_at is not None) == ("card declined", True)
    assert (failed.error["detail"], failed.current_step) == ("<b>card</b> declined", "/charge")
    event = Event.objects.get(name="WORKFLOW_STEP_FAILED")
    assert event.payload["step_name"] == "charge"
    assert Notification.objects.get().user == alice


@pytest.mark.parametrize("phase", ["COMPLETED", "FAILED", "CANCELLED", "TERMINATED"])
def test_an_ended_run_never_goes_back(
    execution: Execution, alice: User, report: Any, phase: Any
) -> None:
    ended = report(phase=phase)
    with pytest.raises(Refused, match=f"ended as {phase}") as caught:
        update_status(execution.pk, alice, {"sequence": 99, "phase": "IN_PROGRESS"})
    assert (caught.value.code, caught.value.state) == ("conflict", phase)
    late = update_status(
        execution.pk, alice, {"sequence": ended.runner_sequence, "phase": "IN_PROGRESS"}
    )
    assert (late.is_applied, late.execution.phase) == (False, phase)


def test_a_late_update_and_one_sent_twice_are_ignored(execution: Execution, alice: User) -> None:
    newer = {
        "sequence": 5,
        "phase": "IN_PROGRESS",
        "tasks": [task("a", "COMPLETED"), task("b", "COMPLETED")],
    }
    older = {
        "sequence": 4,
        "phase": "IN_PROGRESS",
        "tasks": [task("a", "COMPLETED"), task("b", "IN_PROGRESS")],
    }
    first = update_status(execution.pk, alice, newer)
    for again in (newer, older):
        found = update_status(execution.pk, alice, again)
        assert (found.is_applied, found.execution.head_seq) == (False, first.execution.head_seq)
        assert found.execution.progress_done == 2


def test_progress_never_falls(report: Any) -> None:
    report(phase="IN_PROGRESS", tasks=[task(name, "COMPLETED") for name in "abc"])
    assert report(tasks=[task("c", "COMPLETED")]).progress_done == 3
    emptied = report(tasks=[])
    assert (emptied.progress_done, emptied.progress_total) == (3, 3)


def test_what_the_runner_left_open_is_closed_when_the_run_ends(
    execution: Execution, report: Any
) -> None:
    report(phase="IN_PROGRESS", tasks=[task("a", "IN_PROGRESS"), task("b", "PENDING")])
    ended = report(phase="CANCELLED")
    assert steps(execution) == [("a", "CANCELLED"), ("b", "CANCELLED")]
    assert Step.objects.get(name="a").control["outcome_unknown"] is True
    assert verify(ended) is None


def test_what_waits_waits_for_something(report: Any) -> None:
    waiting = report(phase="EXECUTION_WAITING_FOR_APPROVAL")
    assert (waiting.phase, waiting.waiting_for) == (Phase.WAITING, "approval")
    assert report(phase="COMPLETED").phase == Phase.COMPLETED


def test_a_run_that_a_person_paused_goes_on_only_when_it_is_resumed(
    execution: Execution, alice: User, report: Any
) -> None:
    control.pause(execution.pk, alice)
    with pytest.raises(Refused, match="paused by a person"):
        report(phase="IN_PROGRESS")
    assert report(tasks=[task("a", "COMPLETED")]).phase == Phase.PAUSED
    control.resume(execution.pk, alice)
    assert report(phase="IN_PROGRESS").phase == Phase.IN_PROGRESS


def test_a_paused_run_that_had_ended_meanwhile_is_said_to_have_ended(
    execution: Execution, alice: User, report: Any
) -> None:
    control.pause(execution.pk, alice)
    assert report(phase="COMPLETED", output=1).phase == Phase.COMPLETED


def test_a_runner_learns_that_a_person_wants_it_cancelled(
    execution: Execution, alice: User, report: Any
) -> None:
    report(phase="IN_PROGRESS")
    control.cancel(execution.pk, alice)
    assert report().cancel_asked_at is not None
    assert report(phase="CANCELLED").cancel_asked_at is None


@pytest.mark.parametrize("verb", [retry, recover])
def test_a_failed_run_may_be_put_back_by_a_person_and_the_runner_goes_on(
    execution: Execution, alice: User, report: Any, verb: Any
) -> None:
    report(phase="IN_PROGRESS", tasks=[task("a", "COMPLETED"), task("b", "IN_PROGRESS")])
    report(phase="FAILED", tasks=[task("a", "COMPLETED"), task("b", "FAILED", error="no")])
    verb(execution.pk, alice)
    assert Execution.objects.get().phase == Phase.PENDING
    done = report(phase="COMPLETED", tasks=[task("a", "COMPLETED"), task("b", "COMPLETED")])
    assert (done.phase, verify(done)) == (Phase.COMPLETED, None)


def test_twenty_updates_at_once_leave_the_last_one(
    execution: Execution, alice: User, at_once: Any
) -> None:
    numbers = iter(range(1, 21))

    def work() -> Any:
        number = next(numbers)
        tasks = [task(str(index), "COMPLETED") for index in range(number)]
        return update_status(
            execution.pk, alice, {"sequence": number, "phase": "IN_PROGRESS", "tasks": tasks}
        )

    found = at_once(20, work)
    assert not [one for one in found if isinstance(one, Exception)], found
    stored = Execution.objects.get()
    assert (stored.runner_sequence, stored.progress_done, len(steps(stored))) == (20, 20, 20)
    assert verify(stored) is None


def test_an_update_in_its_model_form_is_taken_as_it_is(execution: Execution, alice: User) -> None:
    assert update_status(
        execution.pk, alice, StatusUpdate(sequence=1, phase="IN_PROGRESS")
    ).is_applied


class TestAgents:
    """The same pipeline; what is merged beside the phase is the conversation."""

    @pytest.fixture
    def said(self, agent_run: Execution, alice: User) -> Any:
        count = iter(range(1, 1000))

        def reported(**fields: Any) -> Execution:
            update = {"sequence": next(count), **fields}
            return update_status(agent_run.pk, alice, update, kind="agent").execution

        return reported

    def test_messages_replace_the_list(self, said: Any) -> None:
        said(phase="IN_PROGRESS", messages=[{"type": "HUMAN", "content": "hello"}])
        kept = AgentMessage.objects.get().pk
        said(
            messages=[
                {"type": "HUMAN", "content": "hello"},
                {"type": "MESSAGE_AI", "content": "hi"},
            ]
        )
        assert list(AgentMessage.objects.values_list("type", "content")) == [
            ("HUMAN", "hello"),
            ("AI", "hi"),
        ]
        assert AgentMessage.objects.order_by("position")[0].pk == kept
        said(messages=[{"type": "SYSTEM", "content": "begun anew"}])
        assert list(AgentMessage.objects.values_list("content", flat=True)) == ["begun anew"]

    def test_tool_calls_replace_the_list(self, said: Any) -> None:
        said(phase="IN_PROGRESS", tool_calls=[{"id": "1", "name": "read", "status": "RUNNING"}])
        calls = [
            {"id": "1", "name": "read", "status": "COMPLETED", "result": {"lines": 3}},
            {"id": "2", "name": "search", "status": "PENDING", "arguments": {"for": "x"}},
        ]
        said(tool_calls=calls)
        assert [(c.call_id, c.status, c.result) for c in AgentToolCall.objects.all()] == [
            ("1", "COMPLETED", {"lines": 3}),
            ("2", "PENDING", None),
        ]

    def test_todos_replace_the_list_and_give_the_progress(self, said: Any) -> None:
        todos = {"1": {"content": "read", "status": "COMPLETED"}, "2": {"content": "write"}}
        execution = said(phase="IN_PROGRESS", todos=todos)
        assert execution.agent_run.todos["2"] == {"content": "write", "status": "PENDING"}
        assert (execution.progress_done, execution.progress_total) == (1, 2)

    def test_sub_agents_replace_the_list(self, said: Any) -> None:
        assert said(sub_agent_executions=[{"name": "security"}]).agent_run.sub_agent_executions == [
            {"name": "security"}
        ]

    def test_absent_lists_stay_and_empty_ones_empty(self, said: Any) -> None:
        full = {
            "messages": [{"type": "AI", "content": "hi"}],
            "tool_calls": [{"id": "1", "name": "read", "status": "PENDING"}],
            "todos": {"1": {"content": "read"}},
            "sub_agent_executions": [{"name": "security"}],
        }
        said(phase="IN_PROGRESS", **full)
        run = said(input_tokens=10, cost="0.25").agent_run
        assert (run.messages.count(), run.tool_calls.count(), len(run.todos)) == (1, 1, 1)
        assert (run.input_tokens, str(run.cost)) == (10, "0.250000")
        run = said(messages=[], tool_calls=[], todos={}, sub_agent_executions=[]).agent_run
        assert (
            run.messages.count(),
            run.tool_calls.count(),
            run.todos,
            run.sub_agent_executions,
        ) == (0, 0, {}, [])

    def test_what_the_run_was_asked_to_do_never_changes(
        self, agent_run: Execution, said: Any
    ) -> None:
        after = said(
            phase="COMPLETED", messages=[{"type": "AI", "content": "done"}], output={"text": "done"}
        )
        assert (after.input, after.session_id, after.name) == (
            agent_run.input,
            agent_run.session_id,
            agent_run.name,
        )
        assert (after.phase, after.output) == (Phase.COMPLETED, {"text": "done"})

    def test_an_ended_run_never_goes_back(self, said: Any) -> None:
        said(phase="FAILED", error="model is silent")
        with pytest.raises(Refused, match="ended as FAILED"):
            said(messages=[{"type": "AI", "content": "late"}])
        assert not AgentMessage.objects.exists()

    def test_tasks_and_tool_calls_of_one_id_are_invalid(self, said: Any) -> None:
        twice: list[dict[str, Any]] = [{"id": "1", "name": "a", "status": "PENDING"}] * 2
        for name, given in {"tasks": [], "tool_calls": twice}.items():
            with pytest.raises(Refused) as caught:
                said(**{name: given})
            assert caught.value.code == "invalid"
