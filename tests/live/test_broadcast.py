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
def broadcasting():
    broadcast.start()
    yield
    broadcast.stop()


def test_many_changes_at_once_are_one_nudge_with_the_newest_counter(redis_client, broadcasting):
    async def listen() -> list[dict[str, object]]:
        layer = get_channel_layer()
        channel = await layer.new_channel()
        await layer.group_add(nudges.GROUP, channel)
        one, two = uuid.uuid4(), uuid.uuid4()
        for seq in range(1, 101):
            nudges.announce(one, seq, 5)
        nudges.announce(two, 1, None)
        heard: list[dict[str, object]] = []
        messages: list[dict[str, object]] = []
        while {nudge["execution"]: nudge["seq"] for nudge in heard} != {str(one): 100, str(two): 1}:
            message = await asyncio.wait_for(layer.receive(channel), timeout=60)
            messages.append(message)
            heard += message["nudges"]
        await layer.group_discard(nudges.GROUP, channel)
        return messages

    assert len(asyncio.run(listen())) < 10


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
