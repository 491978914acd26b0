"""What waits for one follower: bounded, never blocking the writer, and the last one always
arrives.
"""

from __future__ import annotations

import asyncio
import uuid

import pytest
from django.contrib.auth.models import User

from executions.api.live.follower import BUFFER, Follower
from executions.api.live.frames import Update
from executions.live.closing import Close


def follower() -> Follower:
    return Follower(User(username="alice"), None, "", uuid.uuid4())


def update(seq: int, event: str = "update") -> Update:
    return Update(event, seq, {"ended": event == "end"})


def tell(each: Follower, *updates: Update) -> None:
    for change in updates:
        each.tell(each.subscription, change)


def taken(each: Follower) -> list[tuple[int, int]]:
    async def take_all() -> list[tuple[int, int]]:
        found = []
        while frames := await each.mailbox.take(0.0):
            found += [(frame["seq"], frame.get("lost", 0)) for frame in frames]
        return found

    return asyncio.run(take_all())


def test_updates_come_in_order_and_older_ones_are_dropped():
    subscriber = follower()
    tell(subscriber, *map(update, (1, 3, 2, 3, 4)))
    assert taken(subscriber) == [(1, 0), (3, 0), (4, 0)]


def test_a_slow_one_loses_the_oldest_gets_the_last_and_is_named_once_in_the_log(
    caplog: pytest.LogCaptureFixture,
):
    subscriber = follower()
    tell(subscriber, *map(update, range(1, BUFFER + 51)))
    tell(subscriber, update(BUFFER + 51, "end"))
    found = taken(subscriber)
    assert len(found) == BUFFER
    assert found[0] == (52, 51)
    assert found[-1] == (BUFFER + 51, 0)
    assert sum("alice (session)" in record.getMessage() for record in caplog.records) == 1


def test_an_end_arrives_even_where_nothing_changed():
    subscriber = follower()
    tell(subscriber, update(5), update(5, "end"))
    assert taken(subscriber) == [(5, 0), (5, 0)]
    assert subscriber.mailbox.closed is Close.ENDED


def test_what_waits_is_still_taken_after_closing():
    subscriber = follower()
    tell(subscriber, update(1))
    subscriber.mailbox.close(Close.NOTHING_HERE)
    tell(subscriber, update(2))
    assert not subscriber.mailbox.is_over()
    assert taken(subscriber) == [(1, 0)]
    assert subscriber.mailbox.is_over()


def test_who_acknowledges_nothing_is_sent_no_end_either():
    subscriber = follower()
    subscriber.mailbox.unacknowledged = BUFFER
    tell(subscriber, update(1, "end"))
    assert not asyncio.run(subscriber.mailbox.is_acknowledged(0.0))


def test_who_acknowledges_nothing_is_closed_at_once_where_its_rights_are_gone():
    subscriber = follower()
    subscriber.mailbox.unacknowledged = BUFFER
    subscriber.mailbox.close(Close.NOT_ALLOWED)
    assert asyncio.run(subscriber.mailbox.is_acknowledged(60.0))
    assert subscriber.mailbox.is_over()
