"""What inboxes get is told to the channels that want it: each once, together where it is the same."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from executions import clock
from executions.errors import Refused
from executions.models import Channel, Notification, Sending
from executions.outbound import channels, pacing, parcels, telling
from executions.outbound.channels import Wanted
from tests.outbound.conftest import gather
from tests.outbound.receiver import Receiver
from tests.outbound.test_sending import now_is_due, send_all

pytestmark = [pytest.mark.database, pytest.mark.django_db]
FAILED = "WORKFLOW_STEP_FAILED"


def made(actor: User, receiver: Receiver, name: str = "hook", **more: Any) -> Channel:
    channel = channels.create(actor, Wanted(name, receiver.url, kind="webhook", **more))
    Channel.objects.filter(pk=channel.pk).update(hears_from=clock.now() - timedelta(seconds=5))
    channel.refresh_from_db()
    return channel


def test_a_channel_of_the_server_hears_of_everybody_and_a_person_s_own_of_their_inbox(
    fails: Callable[..., Any], admin: User, alice: User, bob: User, receiver: Receiver
) -> None:
    ops = made(admin, receiver, "ops")
    own, others = (made(user, receiver, is_personal=True) for user in (alice, bob))
    fails()
    gather()
    assert [channel.sendings.count() for channel in (ops, own, others)] == [1, 1, 0]
    assert Notification.objects.filter(user=alice).count() == 1


def test_a_receiver_gets_a_text_and_the_same_for_programs(
    fails: Callable[..., Any], alice: User, receiver: Receiver, settings: Any
) -> None:
    settings.STIGMER_ORIGINS = ["https://stigmer.example.org"]
    channel = made(alice, receiver, is_personal=True)
    execution = fails(name="Order <1> & *more*")
    gather()
    send_all(channel)
    ((headers, _, body),) = receiver.came
    address = f"https://stigmer.example.org/executions/{execution.public_id}/"
    assert body["text"].startswith("Order &lt;1&gt; &amp; *more*")
    assert body["text"].endswith(f"<{address}|Open it>")
    (notice,) = body["notices"]
    assert notice["event"] == FAILED and notice["execution_id"] == execution.public_id
    assert notice["url"] == address and notice["count"] == 1
    assert headers["webhook-id"] == body["id"]


def test_nothing_is_told_twice_whoever_looks(
    fails: Callable[..., Any], admin: User, alice: User, receiver: Receiver
) -> None:
    made(admin, receiver), made(alice, receiver, is_personal=True)
    fails()
    for _ in range(3):
        gather(telling.Teller())
    teller = telling.Teller()
    for _ in range(3):
        gather(teller)
    assert Sending.objects.count() == 2


def test_failures_of_one_cause_are_one_message_and_the_next_ones_wait(
    fails: Callable[..., Any], alice: User, receiver: Receiver
) -> None:
    channel = made(alice, receiver, is_personal=True)
    for number in range(30):
        fails(name=f"r{number}")
    gather()
    now_is_due()
    send_all(channel)
    assert len(receiver.came) == 1
    assert receiver.came[0][2]["text"].startswith("30 runs of ")
    fails(name="one more")
    gather()
    later = Sending.objects.waiting().get()
    assert later.due_at > clock.now() + pacing.QUIET - timedelta(minutes=1)
    send_all(channel)
    assert len(receiver.came) == 1


def test_many_things_at_one_time_are_one_digest(
    fails: Callable[..., Any], alice: User, receiver: Receiver
) -> None:
    channel = made(alice, receiver, is_personal=True)
    for number in range(parcels.APART + 1):
        fails(name=f"r{number}", workflow=f"w{number}")
    gather()
    now_is_due()
    send_all(channel)
    ((_, _, body),) = receiver.came
    assert body["count"] == parcels.APART + 1 == len(body["notices"])


def test_what_was_not_taken_goes_again_as_it_was_though_more_came(
    fails: Callable[..., Any], alice: User, receiver: Receiver
) -> None:
    channel = made(alice, receiver, is_personal=True)
    receiver.answers = lambda event: 503
    fails(name="first")
    gather()
    now_is_due()
    send_all(channel)
    fails(name="second")
    gather()
    receiver.answers = lambda event: 204
    now_is_due()
    send_all(channel)
    ids = Counter(body["id"] for _, _, body in receiver.came)
    assert sorted(ids.values()) == [1, 2]
    assert {body["count"] for _, _, body in receiver.came} == {1}


def test_the_path_of_an_address_is_in_no_problem(
    fails: Callable[..., Any], alice: User, receiver: Receiver
) -> None:
    channel = made(alice, receiver, is_personal=True)
    receiver.answers = lambda event: 503
    fails()
    gather()
    send_all(channel)
    channel.refresh_from_db()
    for problem in (channel.problem, Sending.objects.get().problem):
        assert "503" in problem and "/events" not in problem and "/…" in problem


def test_rules_say_what_it_is_about(
    fails: Callable[..., Any], alice: User, receiver: Receiver
) -> None:
    loud = fails(name="x", workflow="loud").workflow
    quiet = fails(name="x", workflow="quiet").workflow
    assert loud is not None and quiet is not None
    only = made(alice, receiver, "only", is_personal=True, only=[loud.slug])
    muted = made(alice, receiver, "muted", is_personal=True, muted=[loud.public_id])
    never = made(alice, receiver, "never", is_personal=True, types=["WORKFLOW_RECOVERED"])
    gather()
    told = [[row.body["workflow"] for row in each.sendings.all()] for each in (only, muted)]
    assert told == [[loud.name], [quiet.name]]
    assert not never.sendings.exists()


@pytest.mark.parametrize("rhythm", ["hourly", "daily"])
def test_a_rhythm_gathers(
    rhythm: str, fails: Callable[..., Any], alice: User, receiver: Receiver
) -> None:
    channel = made(alice, receiver, is_personal=True, rhythm=rhythm)
    fails()
    gather()
    due = Sending.objects.get().due_at
    assert due > clock.now() and (due.minute, due.second) == (0, 0)
    send_all(channel)
    assert not receiver.came


def test_what_is_declared_is_checked(alice: User, admin: User, receiver: Receiver) -> None:
    wrong: list[tuple[User, dict[str, Any], str]] = [
        (alice, {"kind": "pigeon"}, "/kind"),
        (alice, {"kind": "events"}, "/kind"),
        (alice, {"kind": "webhook", "types": ["x"]}, "/types"),
        (alice, {"kind": "webhook", "only": ["nothing"]}, "/only"),
        (alice, {"kind": "webhook", "rhythm": "often"}, "/rhythm"),
        (alice, {"kind": "webhook", "secret": "OF_OTHERS"}, "/secret"),
        (alice, {"kind": "webhook", "address": "ftp://example.org"}, "/address"),
        (admin, {"kind": "mail", "address": "nobody"}, "/address"),
    ]
    for actor, given, pointer in wrong:
        wanted = Wanted(
            "x",
            **{"address": receiver.url, "is_personal": actor == alice, **given},
        )
        with pytest.raises(Refused) as refused:
            channels.create(actor, wanted)
        assert pointer in [each.pointer for each in refused.value.findings], given
    with pytest.raises(Refused):
        channels.create(alice, Wanted("ops", receiver.url, kind="webhook"))
    assert not Channel.objects.exists()


def test_who_may_not_come_in_any_more_is_told_nothing(
    fails: Callable[..., Any], alice: User, receiver: Receiver
) -> None:
    channel = made(alice, receiver, is_personal=True)
    fails()
    gather()
    User.objects.filter(pk=alice.pk).update(is_active=False)
    now_is_due()
    send_all(channel)
    assert not receiver.came and telling.channels() == []


def test_the_addresses_of_notices_are_pages(fails: Callable[..., Any], alice: User) -> None:
    from django.urls import resolve

    from executions.models import Event
    from executions.outbound import wording

    execution = fails()
    event = Event.objects.filter(execution=execution, name=FAILED).get()
    assert resolve(wording.notice(event)["path"]).url_name == "execution"
    event.payload = {"ask": "ask-01ktf5k2h8x3m0q9v7b4n6c1za"}
    assert resolve(wording.notice(event)["path"]).url_name == "approval"
    assert json.dumps(wording.notice(event))
