from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from dashboard.sentence import stands
from executions import clock
from executions.ids import public_id, uuid7
from executions.models import Execution, Process, Stall, Step
from executions.states import Phase, StepStatus, WaitingFor

BEFORE = timezone.now() - timedelta(minutes=5)
SOON = timezone.now() + timedelta(minutes=5)
CHARGE = Step(name="charge", path="/charge", status=StepStatus.FAILED, attempt=4)


@pytest.mark.parametrize(
    ("execution", "steps", "says"),
    [
        (Execution(phase=Phase.PENDING), [], "as soon as a worker has a free slot"),
        (
            Execution(
                phase=Phase.IN_PROGRESS,
                current_step="/ship",
                process=Process(kind="worker", pid=7, host="h"),
            ),
            [Step(name="ship", path="/ship", status=StepStatus.RUNNING, attempt=2)],
            "Running step <strong>ship</strong>, attempt 2 on worker 7 at h.",
        ),
        (
            Execution(phase=Phase.WAITING, wake_at=SOON),
            [
                Step(
                    name="charge",
                    path="/charge",
                    status=StepStatus.RETRYING,
                    attempt=2,
                    wake_at=SOON,
                )
            ],
            "Step <strong>charge</strong> failed 1 time. Next attempt",
        ),
        (
            Execution(phase=Phase.WAITING, wake_at=SOON),
            [
                Step(
                    name="charge",
                    path="/charge",
                    status=StepStatus.RETRYING,
                    attempt=4,
                    wake_at=SOON,
                    control={"failures": 3},
                )
            ],
            "Step <strong>charge</strong> failed 3 times. Next attempt",
        ),
        (
            Execution(phase=Phase.PENDING, runner="external"),
            [],
            "It begins when its external runner says so.",
        ),
        (
            Execution(phase=Phase.PENDING, runner="external", runner_due_at=BEFORE),
            [],
            "Its external runner has said nothing yet, for longer than it may.",
        ),
        (
            Execution(
                phase=Phase.IN_PROGRESS,
                runner="external",
                runner_due_at=BEFORE,
                runner_heard_at=BEFORE,
            ),
            [],
            "Its external runner fell silent, last heard",
        ),
        (
            Execution(phase=Phase.WAITING, wake_at=SOON, runner="external", runner_due_at=BEFORE),
            [],
            "Its external runner has said nothing yet",
        ),
        (
            Execution(
                phase=Phase.IN_PROGRESS,
                current_step="/ship",
                process=Process(kind="worker", pid=7, host="h", dead_at=BEFORE),
            ),
            [Step(name="ship", path="/ship", status=StepStatus.RUNNING)],
            "Worker 7 at h ended while it drove this. Another worker takes it over.",
        ),
        (
            Execution(phase=Phase.COMPLETED, started_at=SOON, ended_at=SOON),
            [],
            "Every step is finished.",
        ),
        (
            Execution(phase=Phase.COMPLETED, started_at=SOON, ended_at=SOON),
            [Step(name="ship", path="/ship", status=StepStatus.SKIPPED)],
            "Every step is finished or was skipped.",
        ),
        (
            Execution(phase=Phase.FAILED),
            [CHARGE],
            "Failed at step <strong>charge</strong> after 4 attempts.",
        ),
        (
            Execution(phase=Phase.FAILED, requires_manual_intervention=True),
            [Step(name="ship", path="/ship", status=StepStatus.FAILED, attempt=1, optional=True)],
            "A person has to look at it. Next: retry the step, or skip it,",
        ),
        (Execution(phase=Phase.CANCELLED), [], "Cancelled. Steps that were finished stay finished"),
    ],
)
def test_one_sentence_says_where_it_stands_and_what_comes_next(
    execution: Execution, steps: list[Step], says: str
) -> None:
    assert says in stands(execution, steps)


@pytest.mark.django_db
def test_a_step_that_stands_in_line_for_a_process_is_not_said_to_run() -> None:
    since = (timezone.now() - timedelta(seconds=90)).isoformat()
    step = Step(
        name="add", path="/add", status=StepStatus.WAITING, control={"in_line": {"since": since}}
    )
    says = stands(
        Execution(phase=Phase.WAITING, waiting_for="function process", wake_at=SOON), [step]
    )
    assert "Step <strong>add</strong> has waited" in says and "for a free function process" in says
    assert "no time limit runs meanwhile" in says
    assert "goes on" not in says


def test_a_step_named_by_a_stranger_stays_text() -> None:
    evil = Step(name="<script>", path="/x", status=StepStatus.FAILED)
    assert "<script>" not in stands(Execution(phase=Phase.FAILED), [evil])


@pytest.mark.parametrize(
    ("execution", "wants_a_worker"),
    [
        (Execution(phase=Phase.PENDING), True),
        (Execution(phase=Phase.WAITING, wake_at=SOON), True),
        (Execution(phase=Phase.IN_PROGRESS), True),
        (Execution(phase=Phase.PENDING, runner="external"), False),
        (Execution(phase=Phase.WAITING, waiting_for="decision"), False),
        (Execution(phase=Phase.PAUSED), False),
        (Execution(phase=Phase.COMPLETED, started_at=BEFORE, ended_at=BEFORE), False),
    ],
)
def test_where_no_worker_is_alive_what_waits_for_one_says_so(execution, wants_a_worker):
    said = stands(execution, [], has_workers=False)
    assert ("No worker is alive" in said, "<code>stigmer worker</code>" in said) == (
        wants_a_worker,
        wants_a_worker,
    )
    assert "No worker is alive" not in stands(execution, [])
    busy = stands(execution, [], unheard="The database is busy")
    assert ("The database is busy." in busy) == wants_a_worker


def test_who_waits_for_another_run_says_for_which_one():
    child = uuid7()
    execution = Execution(
        phase=Phase.WAITING, waiting_for=WaitingFor.CHILD, wake_at=clock.now(), current_step="/pay"
    )
    step = Step(name="pay", path="/pay", status=StepStatus.WAITING, waiting_for=WaitingFor.CHILD)
    step.control = {"child": str(child)}
    said = stands(execution, [step])
    assert f'<a href="/executions/{public_id("wex", child)}/">' in said
    assert "goes on" not in said


def _step(path: str, status: StepStatus, **more: object) -> Step:
    return Step(name=path.rsplit("/", 1)[1], path=path, status=status, **more)


def test_all_branches_that_run_wait_or_failed_are_named() -> None:
    around = _step("/t", StepStatus.RUNNING)
    running = Execution(phase=Phase.IN_PROGRESS, process=Process(kind="worker", pid=7, host="h"))
    begun = [_step("/t/b/x", StepStatus.RUNNING), _step("/t/a", StepStatus.RUNNING), around]
    said = stands(running, [*begun, _step("/t/b", StepStatus.RUNNING)])
    assert "Running steps <strong>x</strong> and <strong>a</strong> at the same time" in said

    waits = [
        _step("/t/a", StepStatus.WAITING, waiting_for=WaitingFor.TIMER, wake_at=SOON),
        _step("/t/b", StepStatus.WAITING, waiting_for=WaitingFor.ANSWER),
        _step("/t/c", StepStatus.RETRYING, waiting_for=WaitingFor.BACK_OFF, wake_at=SOON),
        _step("/t/d", StepStatus.WAITING, waiting_for=WaitingFor.DECISION),
        _step("/t/e", StepStatus.WAITING, waiting_for=WaitingFor.CHILD),
    ]
    waiting = Execution(phase=Phase.WAITING, wake_at=SOON, waiting_for="timer, an answer")
    said = stands(waiting, [*waits, around])
    assert said.startswith("Waits in 5 branches: <strong>a</strong> goes on ")
    assert "<strong>b</strong> waits for an answer" in said
    assert "<strong>c</strong> is tried again " in said
    assert "<strong>d</strong> waits for your decision and 1 more." in said

    failed = [_step(f"/t/{name}", StepStatus.FAILED) for name in "abcdef"]
    said = stands(
        Execution(phase=Phase.FAILED, current_step="/t/a"),
        [*failed, _step("/t", StepStatus.FAILED)],
    )
    assert "Failed at steps <strong>a</strong>, <strong>b</strong>" in said
    assert "and 2 more, in branches beside each other." in said


def test_an_attempt_without_progress_says_since_when_and_what_ends_it() -> None:
    step = Step(name="<pay>", path="/pay", status=StepStatus.RUNNING)
    stall = Stall(step=step, number=2, began_at=BEFORE, ends_at=SOON)
    said = stands(Execution(phase=Phase.IN_PROGRESS), [step], stall=stall)
    assert "Attempt 2 of <strong>&lt;pay&gt;</strong> has shown no progress for" in said
    assert "its limit ends it" in said and "waits on" not in said
    stall.quiet_until = clock.now() + timedelta(hours=1)
    said = stands(Execution(phase=Phase.IN_PROGRESS), [step], stall=stall)
    assert "Its owner waits on, and is told again" in said
