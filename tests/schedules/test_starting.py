"""Starting what is due: once for each time, with the rights of now, and never in a loop."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import override_settings

from executions import clock
from executions.intake import standing
from executions.intake.apply import apply_definition
from executions.models import (
    AuditEntry,
    Channel,
    Event,
    Execution,
    Notification,
    Occurrence,
    Schedule,
    Sending,
    Workflow,
)
from executions.models.schedule import Outcome, ScheduleState
from executions.outbound import channels, wording
from executions.outbound.parcels import Lot, Parcel
from executions.policy import VIEWERS_GROUP
from executions.schedules import starting
from executions.schedules.changing import change, delete, disable, resume, trigger
from executions.schedules.deciding import MOST_FAILURES
from executions.states import Phase
from tests.dashboard.conftest import HEAD, WORKS
from tests.schedules.conftest import Make, due

pytestmark = [pytest.mark.django_db, pytest.mark.database]
Drive = Callable[[Execution], Execution]
FAILS = "do:\n  - stop: {raise: {error: {type: 'https://x.org/no', status: 500, title: No}}}\n"
SCHEMA = "input: {schema: {document: {type: object, required: [%s]}}}\n"


def only(schedule: Schedule) -> Occurrence:
    return Occurrence.objects.select_related("execution").get(schedule=schedule)


def test_a_time_starts_one_run_that_says_which_schedule_and_which_time(make: Make) -> None:
    schedule = due(make(cron="* * * * *", input={"a": 1}))
    due_at = schedule.next_due_at
    assert due_at is not None
    starting.start_due()
    starting.start_due()
    row = only(schedule)
    run = row.execution
    assert run is not None
    assert (run.phase, run.input, run.owner, run.name) == (
        Phase.PENDING,
        {"a": 1},
        schedule.owner,
        "nightly",
    )
    assert (row.outcome, row.name) == (Outcome.STARTED, "nightly")
    assert run.occurrence.schedule_public_id == schedule.public_id
    schedule.refresh_from_db()
    assert schedule.next_due_at is not None and schedule.next_due_at > clock.now()


def test_after_a_long_outage_one_run_stands_for_all_times(make: Make) -> None:
    schedule = due(make(cron="* * * * *"), clock.now() - timedelta(days=7))
    first = schedule.next_due_at
    starting.start_due()
    assert Execution.objects.count() == 1
    assert only(schedule).missed_from == first


def test_nothing_is_started_for_missed_times_where_that_is_wanted(make: Make) -> None:
    schedule = due(make(cron="0 0 1 1 *", missed="none"), clock.now() - timedelta(hours=2))
    starting.start_due()
    assert only(schedule).outcome == Outcome.MISSED
    assert not Execution.objects.exists()


def test_a_time_is_left_out_while_the_last_run_has_not_ended(make: Make, drive: Drive) -> None:
    schedule = due(make(every="PT10M"))
    starting.start_due()
    due(schedule)
    starting.start_due()
    outcomes = Occurrence.objects.order_by("pk").values_list("outcome", flat=True)
    assert list(outcomes) == [Outcome.STARTED, Outcome.SKIPPED]
    drive(Execution.objects.get())
    due(schedule)
    starting.start_due()
    assert Execution.objects.count() == 2


def test_runs_overlap_where_that_is_wanted(make: Make) -> None:
    schedule = due(make(every="PT10M", overlap="allow"))
    starting.start_due()
    due(schedule)
    starting.start_due()
    assert Execution.objects.filter(phase=Phase.PENDING).count() == 2


def test_a_clock_that_was_set_back_starts_no_time_again(make: Make) -> None:
    schedule = due(make(cron="0 0 1 1 *"))
    at = schedule.next_due_at
    starting.start_due()
    Schedule.objects.filter(pk=schedule.pk).update(next_due_at=at)
    starting.start_due()
    assert Execution.objects.count() == 1


def test_a_time_that_a_wrong_clock_set_far_ahead_is_brought_back(make: Make) -> None:
    schedule = make(every="PT10M")
    right = schedule.next_due_at
    Schedule.objects.filter(pk=schedule.pk).update(next_due_at=clock.now() + timedelta(days=3650))
    assert starting.mend_times() == 1
    schedule.refresh_from_db()
    assert schedule.next_due_at == right
    assert starting.mend_times() == 0


def test_an_agent_is_started_with_the_message(make: Make, alice: User) -> None:
    from executions.intake.agents import apply_agent
    from executions.models import LanguageModel

    LanguageModel.objects.create(name="small", address="http://127.0.0.1:1", for_everybody=True)
    apply_agent("name: helper\nmodel: small\ninstructions: Help, briefly and kindly.\n", alice)
    schedule = due(make(agent="helper", input="Good morning"))
    starting.start_due()
    run = only(schedule).execution
    assert run is not None and run.kind == "agent" and run.input["message"] == "Good morning"


def _lock_out(schedule: Schedule) -> None:
    User.objects.filter(pk=schedule.owner_id).update(is_active=False)


def _make_viewer(schedule: Schedule) -> None:
    schedule.owner.groups.add(Group.objects.get_or_create(name=VIEWERS_GROUP)[0])


def _take_right_away(schedule: Schedule) -> None:
    other = User.objects.create_user("other")
    Workflow.objects.filter(schedules=schedule).update(owner=other, visibility="private")


def _ask_for_more(schedule: Schedule) -> None:
    assert schedule.workflow is not None
    text = HEAD % schedule.workflow.slug + SCHEMA % "size" + WORKS
    apply_definition(text, schedule.owner)


@pytest.mark.parametrize(
    ("happens", "said"),
    [
        (_lock_out, "turned off"),
        (_make_viewer, "viewer"),
        (_take_right_away, "may not run"),
        (_ask_for_more, "size"),
    ],
)
def test_what_is_refused_pauses_the_schedule_and_says_why(
    make: Make, drive: Drive, happens: Callable[[Schedule], None], said: str
) -> None:
    schedule = due(make(every="PT10M", tasks=SCHEMA % "" + WORKS, input={"a": 1}))
    starting.start_due()
    drive(Execution.objects.get())
    happens(schedule)
    due(schedule)
    starting.start_due()
    starting.start_due()
    schedule.refresh_from_db()
    assert (schedule.state, schedule.next_due_at) == (ScheduleState.PAUSED, None)
    assert said in schedule.reason
    last = Occurrence.objects.filter(schedule=schedule).order_by("pk").last()
    assert last is not None and last.outcome == Outcome.REFUSED and said in last.said
    assert Execution.objects.count() == 1
    entry = AuditEntry.objects.get(verb="pause schedule")
    assert (entry.actor, entry.subject) == (None, schedule.public_id)
    event = Event.objects.get(name="WORKFLOW_SCHEDULE_PAUSED")
    assert Notification.objects.get(event=event).user == schedule.owner


def test_a_refusal_before_the_first_run_is_told_to_channels(
    make: Make, alice: User, bob: User, admin: User
) -> None:
    def channel(owner: User, name: str, **more: Any) -> Channel:
        where = f"https://example.org/{name}"
        return channels.create(owner, channels.Wanted(name, where, kind="webhook", **more))

    own = channel(alice, "own", is_personal=True)
    of_server = channel(admin, "ops")
    channel(alice, "failures", is_personal=True, types=["WORKFLOW_STEP_FAILED"])
    channel(bob, "others", is_personal=True)
    schedule = make(every="PT10M", tasks=SCHEMA % "" + WORKS, input={"a": 1})
    channel(admin, "elsewhere", muted=[schedule.subject.public_id])
    _ask_for_more(schedule)
    due(schedule)
    starting.start_due()
    starting.start_due()
    rows = Sending.objects.select_related("channel").order_by("channel__name")
    assert [row.channel for row in rows] == [of_server, own]
    letter = wording.letter(own, Parcel(rows[1], (Lot((rows[1],), 1),)))
    (line,) = letter.lines
    assert line.text.startswith(f"nightly ({schedule.subject.name}): The schedule was paused: ")
    assert "size" in line.text and line.address.endswith(f"/schedules/{schedule.public_id}/")


def test_after_failures_in_a_row_the_schedule_is_paused_and_its_owner_told(
    make: Make, drive: Drive
) -> None:
    schedule = make(every="PT10M", tasks=FAILS)
    for _ in range(MOST_FAILURES):
        due(schedule)
        starting.start_due()
        drive(Execution.objects.get(phase=Phase.PENDING))
        starting.count_ends()
    schedule.refresh_from_db()
    assert (schedule.state, schedule.streak) == (ScheduleState.PAUSED, MOST_FAILURES)
    assert f"{MOST_FAILURES} runs failed" in schedule.reason
    event = Event.objects.get(name="WORKFLOW_SCHEDULE_PAUSED")
    assert event.execution == Execution.objects.order_by("pk").last()
    assert Notification.objects.filter(event=event, user=schedule.owner).exists()
    resumed = resume(schedule, schedule.owner)
    assert (resumed.state, resumed.streak, resumed.reason) == (ScheduleState.ACTIVE, 0, "")
    due(schedule)
    starting.start_due()
    drive(Execution.objects.get(phase=Phase.PENDING))
    starting.count_ends()
    schedule.refresh_from_db()
    assert (schedule.state, schedule.streak) == (ScheduleState.ACTIVE, 1)


def test_a_fault_of_ours_pauses_one_schedule_and_keeps_no_other_waiting(
    make: Make, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, good = make(name="broken"), make(owner=bob)
    due(broken, clock.now() - timedelta(seconds=5))
    due(good)
    begin = starting.begin

    def sometimes(schedule: Schedule) -> Execution:
        if schedule.pk == broken.pk:
            raise RuntimeError("a fault")
        return begin(schedule)

    monkeypatch.setattr(starting, "begin", sometimes)
    starting.start_due()
    broken.refresh_from_db()
    assert (broken.state, broken.reason) == (ScheduleState.PAUSED, starting.FAULT)
    assert only(good).outcome == Outcome.STARTED


def test_nothing_is_started_while_the_queue_is_off(make: Make) -> None:
    schedule = due(make())
    with override_settings(STIGMER_QUEUE=False):
        assert starting.start_due() == 0
    assert starting.start_due() == 1
    assert only(schedule).execution is not None


def test_a_trigger_starts_a_run_now_and_leaves_the_times(
    make: Make, alice: User, worker: Any
) -> None:
    schedule = make()
    made = trigger(schedule, alice)
    assert made.execution is not None and made.by == alice
    before = schedule.next_due_at
    schedule.refresh_from_db()
    assert schedule.next_due_at == before
    with pytest.raises(Exception, match="has not ended"):
        trigger(schedule, alice)
    entry = AuditEntry.objects.get(verb="trigger schedule")
    assert entry.after == {"execution": made.execution.public_id}


def test_who_turned_it_off_is_known_and_resuming_goes_on_from_now(make: Make, alice: User) -> None:
    schedule = make(every="PT10M")
    disabled = disable(schedule, alice, "holidays")
    assert (disabled.state, disabled.reason, disabled.next_due_at) == (
        ScheduleState.DISABLED,
        "holidays",
        None,
    )
    assert starting.start_due() == 0
    resumed = resume(schedule, alice)
    assert resumed.next_due_at is not None and resumed.next_due_at > clock.now()


def test_a_schedule_that_was_deleted_leaves_its_name_with_its_runs(make: Make, alice: User) -> None:
    schedule = due(make())
    starting.start_due()
    delete(schedule, alice)
    row = Occurrence.objects.get()
    assert (row.schedule, row.name) == (None, "nightly")
    starting.count_ends()


def test_a_workflow_with_schedules_is_not_deleted(make: Make, alice: User) -> None:
    schedule = make()
    assert schedule.workflow is not None
    with pytest.raises(Exception, match="has 1 schedule"):
        standing.delete(schedule.workflow, alice)


def test_a_new_rule_counts_from_now_and_other_changes_leave_the_time(
    make: Make, alice: User
) -> None:
    schedule = make(cron="0 3 * * *")
    before = schedule.next_due_at
    assert change(schedule, alice, {"name": "other"}).next_due_at == before
    changed = change(schedule, alice, {"every": "PT1H"})
    assert (changed.cron, changed.every) == ("", "PT1H")
    assert changed.next_due_at is not None
    assert changed.next_due_at <= clock.now() + timedelta(hours=1)
