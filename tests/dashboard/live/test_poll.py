"""A page whose socket is blocked gets the same frames by plain requests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import connections
from django.test import AsyncClient, Client

from dashboard.live.page import poll
from executions.live.topics import execution_topic
from executions.models import Execution
from tests.topics import inbox_topic, row_topic

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]
Begin = Callable[..., Execution]


def test_what_came_after_each_cursor_is_told_once(failed: Execution, alice: User) -> None:
    page, row, inbox = execution_topic(failed.pk), row_topic(failed.pk), inbox_topic(alice.pk)
    frames = {
        frame["topic"]: frame for frame in poll(alice, {page: 0, row: 0, inbox: 0, "overview": 0})
    }
    assert frames.keys() == {page, row, inbox}
    assert frames[page]["seq"] == frames[row]["seq"] == failed.head_seq
    assert [part["id"] for part in frames[row]["parts"]] == [f"row-{failed.pk.hex}"]
    assert [toast["event"] for toast in frames[inbox]["toasts"]] == ["WORKFLOW_STEP_FAILED"]
    again = poll(
        alice, {page: failed.head_seq, row: failed.head_seq, inbox: frames[inbox]["seq"] + 60_000}
    )
    assert [(frame["topic"], "toasts" in frame) for frame in again] == [(inbox, False)]


def test_foreign_and_unknown_topics_are_refused_alike(begin: Begin, alice: User, bob: User) -> None:
    execution = begin(owner=alice)
    asked = {execution_topic(execution.pk): 0, inbox_topic(alice.pk): 0, "everything": 0}
    assert [set(frame) for frame in poll(bob, asked)] == [{"v", "refused"}] * 3
    assert {frame["refused"] for frame in poll(bob, asked)} == set(asked)


def test_a_server_answers_while_its_loop_goes_on(
    failed: Execution, alice: User, as_: Callable[[User], Client]
) -> None:
    client = AsyncClient()
    client.cookies = as_(alice).cookies
    topic = execution_topic(failed.pk)

    async def ask() -> list[int]:
        try:
            address = f"/live/changes?topic={topic}@0"
            answers = await asyncio.gather(*(client.get(address) for _ in range(5)))
            return [answer.json()["frames"][0]["seq"] for answer in answers]
        finally:
            await sync_to_async(connections.close_all)()

    assert asyncio.run(ask()) == [failed.head_seq] * 5
