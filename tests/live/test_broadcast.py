"""Nudges on a real Redis: coalesced per execution, and their loss is no error."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest
from channels.layers import get_channel_layer

from executions import nudges
from executions.live import broadcast


@pytest.fixture
def long_periods(monkeypatch):
    # On a busy machine a hundred changes may take longer than many short periods.
    monkeypatch.setattr(broadcast, "LEAST_SECONDS", 1.0)
    monkeypatch.setattr(broadcast, "MOST_SECONDS", 1.0)


@pytest.fixture
def broadcasting():
    broadcast.start()
    yield
    broadcast.stop()


def test_many_changes_at_once_are_one_nudge_with_the_newest_counter(
    redis_client, long_periods, broadcasting
):
    async def listen() -> list[dict[str, object]]:
        layer = get_channel_layer()
        channel = await layer.new_channel()
        await layer.group_add(nudges.GROUP, channel)
        one, two = uuid.uuid4(), uuid.uuid4()
        for seq in range(1, 101):
            nudges.announce(one, seq, 5)
        nudges.announce(two, 1, None)
        newest: dict[object, int] = {}
        messages: list[dict[str, object]] = []
        while newest != {str(one): 100, str(two): 1}:
            try:
                message = await asyncio.wait_for(layer.receive(channel), timeout=10)
            except TimeoutError:
                # A nudge may be lost (a machine that stands still for seconds); another follows.
                nudges.announce(one, 100, 5)
                nudges.announce(two, 1, None)
                continue
            messages.append(message)
            for nudge in message["nudges"]:
                newest[nudge["execution"]] = max(nudge["seq"], newest.get(nudge["execution"], 0))
        await layer.group_discard(nudges.GROUP, channel)
        return messages

    assert len(asyncio.run(listen())) < 10


def test_the_first_change_after_a_pause_is_sent_at_once_and_those_of_the_period_together(
    monkeypatch,
):
    from tests.waiting import until

    sent: list[list[tuple[object, object]]] = []

    class Layer:
        async def group_send(self, group: str, message: dict[str, Any]) -> None:
            sent.append([(each["execution"], each["seq"]) for each in message["nudges"]])

    monkeypatch.setattr(broadcast, "get_channel_layer", Layer)
    monkeypatch.setattr(broadcast, "LEAST_SECONDS", 3600.0)
    monkeypatch.setattr(broadcast, "MOST_SECONDS", 3600.0)
    one, two = uuid.uuid4(), uuid.uuid4()
    broadcast.start()
    try:
        nudges.announce(one, 1, None)
        until(lambda: sent == [[(str(one), 1)]], what="the first was sent within its period")
        nudges.announce(one, 2, None)
        nudges.announce(two, 1, None)
        nudges.announce(one, 3, None)
        assert len(sent) == 1
    finally:
        broadcast.stop()
    until(lambda: len(sent) == 2, what="the end of the process sends what waits")
    assert sent[1] == [(str(one), 3), (str(two), 1)]


def test_without_a_publisher_nothing_is_announced():
    nudges.announce(uuid.uuid4(), 1, None)


def test_a_layer_that_fails_loses_the_nudge_and_nothing_else(broadcasting, monkeypatch):
    from tests.waiting import until

    calls: list[int] = []

    class Away:
        async def group_send(self, group: str, nudge: dict[str, Any]) -> None:
            calls.extend(each["seq"] for each in nudge["nudges"])
            raise ConnectionError("away")

    monkeypatch.setattr(broadcast, "get_channel_layer", Away)
    nudges.announce(uuid.uuid4(), 1, None)
    until(lambda: calls == [1], what="the first was tried")
    nudges.announce(uuid.uuid4(), 2, None)
    until(lambda: calls == [1, 2], what="the second was tried")
