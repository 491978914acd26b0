"""Messages reach a real receiver: signed, in order, again where it fails, and not for ever."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import F

from executions import clock, secret_access
from executions.errors import Refused
from executions.models import Channel, Sending
from executions.outbound import channels, sending, wording
from executions.outbound.channels import Wanted
from tests.driving.crashing import drive_on
from tests.driving.texts import tasks
from tests.outbound.conftest import tell, told
from tests.outbound.receiver import HANG, Receiver

pytestmark = [pytest.mark.database, pytest.mark.django_db]
SET = "{set: {n: 1}}"


def send_all(channel: Channel) -> None:
    while sending.send_some(lambda work: work(), channel.pk):
        pass


def now_is_due() -> None:
    Sending.objects.update(due_at=clock.now() - timedelta(seconds=1))
    Channel.objects.update(rests_until=None)


@pytest.fixture
def run(begin: Any, sink: Channel) -> Callable[[str], None]:
    def made(name: str = "run") -> None:
        drive_on(begin(tasks(first=SET), name=name))
        tell()

    return made


def test_each_event_comes_once_and_in_its_order(
    run: Callable[..., None], sink: Channel, receiver: Receiver
) -> None:
    run()
    send_all(sink)
    types = [event["type"] for event in receiver.events]
    assert types[0].endswith("workflow.started.v1") and types[-1].endswith("completed.v1")
    assert len(types) == len(told(sink)) == 5
    assert receiver.came[0][0]["content-type"].startswith("application/cloudevents+json")
    assert not Sending.objects.waiting().exists()
    sink.refresh_from_db()
    assert sink.sent_at is not None


def test_it_is_signed_as_the_standard_says(
    run: Callable[..., None], sink: Channel, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = b"0123456789abcdef0123456789abcdef"
    secret = "whsec_" + base64.b64encode(key).decode()
    monkeypatch.setattr(secret_access, "known_secrets", lambda: {"HOOK": secret})
    Channel.objects.update(secret="HOOK")
    run()
    send_all(sink)
    headers, body, event = receiver.came[0]
    assert headers["webhook-id"] == event["id"]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{wanted}"


def test_without_its_secret_nothing_is_sent_unsigned(
    run: Callable[..., None], sink: Channel, receiver: Receiver
) -> None:
    Channel.objects.update(secret="NOT_THERE")
    run()
    send_all(sink)
    assert not receiver.came
    sink.refresh_from_db()
    assert "NOT_THERE" in sink.problem


def test_what_is_not_taken_is_tried_again_and_later_ones_of_its_run_wait(
    run: Callable[..., None], sink: Channel, receiver: Receiver
) -> None:
    receiver.answers = lambda event: 500
    run("one")
    send_all(sink)
    assert len(receiver.came) == 1
    row = Sending.objects.get(tries=1)
    assert row.due_at > clock.now() and "500" in row.problem
    receiver.answers = lambda event: 204
    run("two")
    send_all(sink)
    heard = {event["source"] for event in receiver.events[1:]}
    assert len(heard) == 1 and receiver.events[0]["source"] not in heard
    now_is_due()
    send_all(sink)
    first = [event for event in receiver.events if event["source"] not in heard]
    assert [event["id"] for event in first] == [
        first[0]["id"],
        *(row.body["id"] for row in Sending.objects.filter(execution=row.execution).order_by("pk")),
    ]


def test_after_many_tries_it_is_given_up_and_a_person_sends_it_again(
    run: Callable[..., None], sink: Channel, receiver: Receiver, admin: User
) -> None:
    receiver.answers = lambda event: 400 if "workflow.started" in event["type"] else 204
    run()
    for _ in range(sending.MOST_TRIES):
        now_is_due()
        send_all(sink)
    now_is_due()
    send_all(sink)
    dead = Sending.objects.dead().get()
    assert dead.tries == sending.MOST_TRIES and "400" in dead.problem
    assert not Sending.objects.waiting().exists()
    receiver.answers = lambda event: 204
    assert channels.send_again(sink, admin) == 1
    send_all(sink)
    assert receiver.events[-1]["type"].endswith("workflow.started.v1")
    assert not Sending.objects.dead().exists()


def test_what_waits_for_days_is_given_up(
    run: Callable[..., None], sink: Channel, receiver: Receiver
) -> None:
    receiver.answers = lambda event: 503
    run()
    Sending.objects.update(created_at=F("created_at") - timedelta(days=4))
    send_all(sink)
    assert Sending.objects.dead().count() == 1


def test_a_receiver_that_fails_is_left_in_peace_and_then_tried_with_one(
    run: Callable[..., None], sink: Channel, receiver: Receiver
) -> None:
    receiver.answers = lambda event: 503
    for number in range(sending.FAILURES):
        run(f"r{number}")
    send_all(sink)
    sink.refresh_from_db()
    assert sink.target_failures == len(receiver.came) == sending.FAILURES
    assert sink.rests_until is not None and sink.rests_until > clock.now()
    send_all(sink)
    assert not sending.due() and len(receiver.came) == sending.FAILURES
    now_is_due()
    send_all(sink)
    assert len(receiver.came) == sending.FAILURES + 1
    receiver.answers = lambda event: 204
    now_is_due()
    send_all(sink)
    sink.refresh_from_db()
    assert sink.target_failures == 0 and sink.rests_until is None
    assert not Sending.objects.waiting().exists()


def test_channels_to_one_server_rest_together_and_one_of_them_tries(
    sink: Channel, receiver: Receiver, admin: User
) -> None:
    beside = receiver.url.replace("/events", "/beside")
    other = channels.create(admin, Wanted("beside", beside, kind="webhook"))
    apart = channels.create(admin, Wanted("apart", "http://127.0.0.1:9/x", kind="webhook"))
    write(sink, sending.FAILURES)
    write(other, 1)
    write(apart, 1)
    receiver.answers = lambda event: 503
    send_all(sink)
    other.refresh_from_db()
    assert other.rests_until is not None and "127.0.0.1" in other.problem
    assert "503" not in other.problem
    assert sending.due() == [(apart.pk, "webhook")]
    now_is_due()
    Sending.objects.filter(channel=other).update(due_at=clock.now() - timedelta(seconds=9))
    assert [pk for pk, _ in sending.due() if pk != apart.pk] == [other.pk]
    receiver.answers = lambda event: 204
    send_all(other)
    sink.refresh_from_db()
    other.refresh_from_db()
    assert sink.rests_until is None and sink.target_failures == 0 == other.target_failures
    assert other.problem == ""


def test_one_address_that_is_refused_leaves_the_others_to_its_server_alone(
    sink: Channel, receiver: Receiver, admin: User
) -> None:
    other = channels.create(admin, Wanted("beside", f"{receiver.url}/x", kind="webhook"))
    write(sink, sending.FAILURES)
    write(other, 1)
    receiver.answers = lambda event: 404
    send_all(sink)
    sink.refresh_from_db()
    other.refresh_from_db()
    assert sink.rests_until is not None and sink.failures == sending.FAILURES
    assert other.rests_until is None and sending.due() == [(other.pk, "webhook")]


def write(channel: Channel, number: int) -> None:
    """So many messages about nothing."""
    body = wording.test(channel)
    for each in range(number):
        key = f"k{each}"
        Sending.objects.create(channel=channel, key=key, group=key, type=wording.TEST, body=body)


def test_a_receiver_that_hangs_costs_the_seconds_of_one_request(
    run: Callable[..., None], sink: Channel, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("executions.outbound.kinds.events.SECONDS", 1.0)
    receiver.answers = lambda event: HANG
    run()
    send_all(sink)
    assert "no complete answer" in Sending.objects.get(tries=1).problem


def test_one_that_is_gone_is_turned_off(
    run: Callable[..., None], sink: Channel, receiver: Receiver
) -> None:
    receiver.answers = lambda event: 410
    run()
    send_all(sink)
    sink.refresh_from_db()
    assert not sink.is_active and "410" in sink.problem


def test_a_redirect_is_not_followed(
    run: Callable[..., None], sink: Channel, receiver: Receiver
) -> None:
    receiver.answers = lambda event: 307
    run()
    send_all(sink)
    assert len(receiver.came) == 1
    assert "307" in Sending.objects.get(tries=1).problem


def test_an_address_inside_is_not_called(
    run: Callable[..., None], sink: Channel, receiver: Receiver, settings: Any
) -> None:
    settings.STIGMER_HTTP_ALLOWED_HOSTS = []
    run()
    send_all(sink)
    assert not receiver.came
    assert "STIGMER_HTTP_ALLOWED_HOSTS" in Sending.objects.get(tries=1).problem


@pytest.mark.parametrize(
    ("wanted", "where"),
    [
        (Wanted("s", "ftp://example.org"), "/address"),
        (Wanted("s", "http://user:word@example.org"), "/address"),
        (Wanted("s", "http://example.org", ["no.such.type"]), "/types"),
        (Wanted("with space", "http://example.org"), "/name"),
    ],
)
def test_what_is_no_sink_is_refused_with_where(wanted: Wanted, where: str, admin: User) -> None:
    with pytest.raises(Refused) as refused:
        channels.create(admin, wanted)
    assert [finding.pointer for finding in refused.value.findings] == [where]


def test_only_administrators_say_where_events_are_sent(db: None) -> None:
    with pytest.raises(Refused):
        channels.create(User.objects.create_user("eve"), Wanted("s", "http://example.org"))


def test_what_was_sent_is_forgotten_after_a_day_and_what_was_given_up_after_a_month(
    run: Callable[..., None], sink: Channel, receiver: Receiver
) -> None:
    run()
    send_all(sink)
    assert sending.forget() == 0
    Sending.objects.update(sent_at=clock.now() - timedelta(days=2))
    Sending.objects.filter(pk=Sending.objects.order_by("pk")[0].pk).update(
        sent_at=None, dead_at=clock.now() - timedelta(days=2)
    )
    sending.forget()
    assert Sending.objects.dead().count() == Sending.objects.count() == 1
    Sending.objects.update(dead_at=clock.now() - timedelta(days=31))
    sending.forget()
    assert not Sending.objects.exists()
