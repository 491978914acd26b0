"""What waits for one follower: bounded, never blocking the writer, and the last one always arrives."""

from __future__ import annotations

import asyncio
import uuid

import pytest
from django.contrib.auth.models import User

from executions.api.live.subscriber import BUFFER, Frame, Subscriber


def follower() -> Subscriber:
    return Subscriber("alice (session)", User(username="alice"), uuid.uuid4(), lambda: True)


def update(seq: int, event: str = "update") -> Frame:
    return Frame(event, seq, {"ended": event == "end"})


def taken(subscriber: Subscriber) -> list[tuple[int, int]]:
    async def take_all() -> list[tuple[int, int]]:
        found = []
        while (each := await subscriber.take(0.0)) is not None:
            found.append((each[0].seq, each[1]))
        return found

    return asyncio.run(take_all())


def test_updates_come_in_order_and_older_ones_are_dropped():
    subscriber = follower()
    for seq in (1, 3, 2, 3, 4):
        subscriber.put(update(seq))
    assert taken(subscriber) == [(1, 0), (3, 0), (4, 0)]


def test_a_slow_one_loses_the_oldest_gets_the_last_and_is_named_once_in_the_log(caplog: pytest.LogCaptureFixture):
    subscriber = follower()
    for seq in range(1, BUFFER + 51):
        subscriber.put(update(seq))
    subscriber.put(update(BUFFER + 51, "end"))
    assert subscriber.waiting() == BUFFER
    found = taken(subscriber)
    assert found[0] == (52, 51)
    assert found[-1] == (BUFFER + 51, 0)
    assert sum("alice (session)" in record.getMessage() for record in caplog.records) == 1


def test_an_end_arrives_even_where_nothing_changed():
    subscriber = follower()
    subscriber.put(update(5))
    subscriber.put(update(5, "end"))
    assert taken(subscriber) == [(5, 0), (5, 0)]


def test_what_waits_is_still_taken_after_closing():
    subscriber = follower()
    subscriber.put(update(1))
    subscriber.close("deleted")
    assert taken(subscriber) == [(1, 0)]
