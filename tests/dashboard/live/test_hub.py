"""A page follows a run: it gets each change once, in order, and none that its reader may not see."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from channels.layers import get_channel_layer
from django.contrib.auth.models import User
from django.test import Client

from dashboard.live.page import door
from executions.live import broadcast
from executions.live.topics import execution_topic
from executions.models import Execution, Notification, Process
from executions.nudges import GROUP
from executions.verbs.deciding import decisions
from tests.dashboard.pages import Frame, elsewhere, page, run
from tests.driving.crashing import drive_and_die, drive_on
from tests.topics import inbox_topic, row_topic

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]
Begin = Callable[..., Execution]
Drive = Callable[[Execution], Execution]
As = Callable[[User], Client]


def test_a_page_hears_what_came_after_the_sequence_that_it_was_rendered_at(
    begin: Begin, drive: Drive, alice: User, as_: As
) -> None:
    execution, client = begin(), as_(alice)
    topic = execution_topic(execution.pk)

    async def scenario() -> None:
        async with page(client) as opened:
            await opened.follow(**{topic: execution.head_seq})
            await opened.hear(lambda frame: frame.get("ok") == topic, "the subscription")
            done = await elsewhere(drive, execution)
            frame = await opened.hear(
                lambda f: f.get("topic") == topic and f["seq"] == done.head_seq, "the end"
            )
            texts = {part["id"]: part["html"] for part in frame["parts"]}
            assert "Completed" in texts["headline"]
            assert any(part.get("into") == "history" for part in frame["parts"])

    run(scenario)


def test_a_change_between_rendering_and_subscribing_is_not_missed(
    begin: Begin, drive: Drive, alice: User, as_: As
) -> None:
    execution, client = begin(), as_(alice)
    rendered_at = execution.head_seq
    done, topic = drive(execution), execution_topic(execution.pk)

    async def scenario() -> None:
        async with page(client) as opened:
            await opened.follow(**{topic: rendered_at})
            frame = await opened.hear(lambda f: f.get("topic") == topic, "what was missed")
            assert frame["seq"] == done.head_seq
            assert any(part["id"].startswith("step-") for part in frame["parts"])

    run(scenario)


def test_a_row_of_a_list_is_sent_alone(begin: Begin, drive: Drive, alice: User, as_: As) -> None:
    execution, client = begin(), as_(alice)
    topic = row_topic(execution.pk)
    drive(execution)

    async def scenario() -> None:
        async with page(client) as opened:
            await opened.follow(**{topic: 0})
            frame = await opened.hear(lambda f: f.get("topic") == topic, "the row")
            (part,) = frame["parts"]
            assert part["id"] == f"row-{execution.pk.hex}"

    run(scenario)


@pytest.mark.parametrize("topic_of", [execution_topic, row_topic])
def test_a_page_that_shows_more_than_a_restored_database_holds_reads_itself_again(
    begin: Begin, drive: Drive, alice: User, as_: As, topic_of: Callable[[object], str]
) -> None:
    execution, client = drive(begin()), as_(alice)
    topic = topic_of(execution.pk)

    async def scenario() -> None:
        async with page(client) as opened:
            await opened.follow(**{topic: execution.head_seq + 20})
            frame = await opened.hear(lambda f: f.get("topic") == topic, "the reset")
            assert (frame.get("reset"), frame["seq"]) == (True, execution.head_seq)

    run(scenario)


def test_a_lost_nudge_is_made_good_by_reconciling(
    begin: Begin, drive: Drive, alice: User, as_: As
) -> None:
    execution, client = begin(), as_(alice)
    topic = execution_topic(execution.pk)

    async def scenario() -> None:
        async with page(client) as opened:
            await opened.follow(**{topic: execution.head_seq})
            await opened.hear(lambda frame: frame.get("ok") == topic, "the subscription")
            # From here on nothing is announced.
            broadcast.stop()
            done = await elsewhere(drive, execution)
            await door.hub().reconcile()
            await opened.hear(
                lambda f: f.get("topic") == topic and f["seq"] == done.head_seq, "the truth"
            )

    run(scenario)


def test_a_foreign_and_an_unknown_topic_are_refused_alike(
    begin: Begin, alice: User, bob: User, as_: As
) -> None:
    execution, client = begin(owner=alice), as_(bob)
    topics = {
        execution_topic(execution.pk): 0,
        row_topic(execution.pk): 0,
        "execution:wex-00000000000000000000000000": 0,
        inbox_topic(alice.pk): 0,
        "everything": 0,
    }

    async def scenario() -> None:
        async with page(client) as opened:
            await opened.follow(**topics)
            refused: set[str] = set()
            while refused != set(topics):
                frame = await opened.hear(lambda f: "refused" in f or "parts" in f, "refusals")
                assert "parts" not in frame
                refused.add(frame["refused"])

    run(scenario)


def test_a_nudge_about_a_foreign_execution_reaches_nobody_else(
    begin: Begin, drive: Drive, alice: User, bob: User, as_: As
) -> None:
    mine, theirs = begin(owner=bob), begin(owner=alice, fails="private")
    client, topic = as_(bob), execution_topic(mine.pk)

    async def scenario() -> None:
        async with page(client) as opened:
            await opened.follow(**{topic: mine.head_seq, "overview": 0, inbox_topic(bob.pk): 0})
            await opened.hear(
                lambda frame: frame.get("ok") == inbox_topic(bob.pk), "the subscription"
            )
            await elsewhere(drive, theirs)
            done = await elsewhere(drive, mine)
            seen: list[str] = []

            def is_the_end(frame: dict[str, object]) -> bool:
                seen.append(str(frame))
                return frame.get("topic") == topic and frame["seq"] == done.head_seq

            await opened.hear(is_the_end, "the end")
            assert theirs.public_id not in "".join(seen)

    run(scenario)


def test_the_failure_of_a_step_is_a_toast_in_every_tab_of_the_owner_alone(
    begin: Begin, drive: Drive, alice: User, admin: User, as_: As
) -> None:
    execution = begin(fails="the till is empty", optional=True)
    own, others, topic = as_(alice), as_(admin), inbox_topic(alice.pk)

    async def scenario() -> None:
        async with page(own) as first, page(own) as second, page(others) as foreign:
            for tab in (first, second):
                await tab.follow(**{topic: 0})
                await tab.hear(lambda frame: frame.get("ok") == topic, "the subscription")
            await foreign.follow(**{inbox_topic(admin.pk): 0, execution_topic(execution.pk): 0})
            await elsewhere(drive, execution)
            for tab in (first, second):
                (toast,) = (await tab.hear(lambda frame: frame.get("toasts"), "the toast"))[
                    "toasts"
                ]
                assert toast["event"] == "WORKFLOW_STEP_FAILED"
                assert toast["title"] == "Step failed"
                assert set(toast["payload"]) == {
                    "workflow_id",
                    "workflow_definition_id",
                    "execution_id",
                    "step_name",
                    "reason",
                    "attempts",
                    "can_retry",
                    "can_skip",
                    "timestamp",
                }
                assert toast["payload"]["execution_id"] == execution.public_id
                assert toast["payload"]["workflow_id"] == toast["payload"]["execution_id"]
                assert toast["payload"]["workflow_definition_id"].startswith("wfl-")
            heard: list[Frame] = []

            def is_their_update(frame: Frame) -> bool:
                heard.append(frame)
                return "Failed" in str(frame.get("parts", ""))

            await foreign.hear(is_their_update, "the admin's own update")
            assert not any(frame.get("toasts") for frame in heard)

    run(scenario)


def test_a_recovery_is_told_with_its_payload(failed: Execution, alice: User, as_: As) -> None:
    client, topic = as_(alice), inbox_topic(alice.pk)
    Notification.objects.all().delete()

    async def scenario() -> None:
        async with page(client) as opened:
            await opened.follow(**{topic: 0})
            await opened.hear(lambda frame: frame.get("ok") == topic, "the subscription")
            await elsewhere(decisions.recover, failed.pk, alice)
            (toast,) = (await opened.hear(lambda frame: frame.get("toasts"), "the toast"))["toasts"]
            assert toast["event"] == "WORKFLOW_RECOVERED"
            assert set(toast["payload"]) == {
                "workflow_id",
                "workflow_definition_id",
                "execution_id",
                "resumed_from",
                "timestamp",
            }

    run(scenario)


@pytest.mark.parametrize(
    ("forged", "event", "title"),
    [
        (False, "WORKFLOW_RECOVERED", "Workflow recovered"),
        (True, "WORKFLOW_RECOVERY_FAILED", "Recovery failed, a person is needed"),
    ],
)
def test_the_owner_is_told_at_once_how_a_recovery_after_a_crash_went(
    begin: Begin, alice: User, as_: As, forged: bool, event: str, title: str
) -> None:
    execution, client, topic = begin(), as_(alice), inbox_topic(alice.pk)
    assert drive_and_die(execution, 2), "after its first step"
    if forged:
        Execution.objects.filter(pk=execution.pk).update(head_digest="0" * 64)

    async def scenario() -> None:
        async with page(client) as opened:
            await opened.follow(**{topic: 0})
            await opened.hear(lambda frame: frame.get("ok") == topic, "the subscription")
            await elsewhere(drive_on, execution)
            (toast,) = (await opened.hear(lambda frame: frame.get("toasts"), "the toast"))["toasts"]
            assert (toast["event"], toast["title"]) == (event, title)
            assert toast["href"] == f"/executions/{execution.public_id}/"

    run(scenario)
    assert title in client.get("/inbox/").content.decode(), "and who was away finds it there"


def test_roles_get_their_own_buttons(
    failed: Execution, alice: User, support: User, as_: As
) -> None:
    owner, helper, topic = as_(alice), as_(support), execution_topic(failed.pk)

    async def scenario() -> None:
        async with page(owner) as first, page(helper) as second:
            shown = []
            for opened in (first, second):
                await opened.follow(**{topic: 0})
                frame = await opened.hear(lambda f: f.get("topic") == topic, "the page")
                shown.append(
                    next(part["html"] for part in frame["parts"] if part["id"] == "standing")
                )
            # Support says why before it acts.
            assert "/do/retry" in shown[0] and "reason-retry" not in shown[0]
            assert "reason-retry" in shown[1] and "/do/recover" in shown[1]

    run(scenario)


def test_pushed_fragments_hold_no_token(failed: Execution, alice: User, as_: As) -> None:
    client, topic = as_(alice), execution_topic(failed.pk)

    async def scenario() -> None:
        async with page(client) as opened:
            await opened.follow(**{topic: 0})
            frame = await opened.hear(lambda f: f.get("topic") == topic, "the page")
            assert "csrfmiddlewaretoken" not in str(frame)

    run(scenario)


def test_the_hub_hears_nudges_of_other_processes(
    begin: Begin, drive: Drive, alice: User, as_: As
) -> None:
    execution, client = begin(), as_(alice)
    topic = execution_topic(execution.pk)

    async def scenario() -> None:
        async with page(client) as opened:
            await opened.follow(**{topic: execution.head_seq, "executions": 0})
            await opened.hear(lambda frame: frame.get("ok") == "executions", "the subscription")
            layer = get_channel_layer()
            assert layer is not None
            nudge = {"type": "nudge", "execution": str(execution.pk), "seq": 99, "owner": alice.pk}
            await layer.group_send(GROUP, nudge)
            await opened.hear(
                lambda frame: frame.get("hint") and frame["topic"] == "executions", "the hint"
            )

    run(scenario)


def test_an_open_page_learns_that_the_last_worker_died_and_that_another_one_came(
    begin: Begin, alice: User, as_: As
) -> None:
    execution, client = begin(), as_(alice)
    worker = Process.objects.create(kind="worker", host="elsewhere", pid=1)
    topic, address = execution_topic(execution.pk), f"/executions/{execution.public_id}/"
    assert b"No worker is alive" not in client.get(address).content

    async def scenario() -> None:
        async with page(client) as opened:
            await opened.follow(**{topic: execution.head_seq})
            await opened.hear(lambda frame: frame.get("ok") == topic, "the subscription")
            await door.hub().reconcile()
            await elsewhere(worker.declare_dead, "killed by SIGKILL")
            await opened.hear(
                lambda frame: frame.get("hint") and frame["topic"] == topic, "that nobody is there"
            )
            said = await elsewhere(client.get, address)
            assert b"No worker is alive" in said.content
            await elsewhere(lambda: Process.objects.create(kind="worker", host="elsewhere", pid=2))
            await opened.hear(
                lambda frame: frame.get("hint") and frame["topic"] == topic, "that one is there"
            )

    run(scenario)


def test_a_page_that_was_opened_just_before_the_last_worker_died_learns_it(
    begin: Begin, alice: User, as_: As
) -> None:
    execution, client = begin(), as_(alice)
    topic = execution_topic(execution.pk)

    async def scenario() -> None:
        async with page(client) as opened:
            await opened.follow(**{topic: execution.head_seq})
            await opened.hear(
                lambda frame: frame.get("hint") and frame["topic"] == topic, "that nobody is there"
            )

    run(scenario)
