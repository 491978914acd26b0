"""The ticks of a hub: the first change is looked at once, those that come within the tick together."""

from __future__ import annotations

import asyncio
import uuid
from types import SimpleNamespace
from typing import Any

from executions.live.hub import Hub
from executions.live.news import News, Subscribers
from executions.live.rights import Ask
from executions.live.windows import Window
from executions.nudges import Nudge

NOT_IN_THIS_TEST = 3600.0
OURS, FOREIGN = 1, 2


class Sent(News):
    """Asks the database, as far as the hub can see, for what is ours."""

    def __init__(self) -> None:
        self.heard: list[int | None] = []
        self.sent: list[list[int | None]] = []

    def hear(self, nudge: Nudge, subscribers: Subscribers) -> None:
        self.heard.append(nudge.owner_id)

    async def send(self, subscribers: Subscribers, ask: Ask) -> None:
        new, self.heard = self.heard, []
        self.sent.append(new)
        if OURS in new:
            await ask(lambda: None)


def change(owner_id: int) -> Nudge:
    return Nudge(uuid.uuid4(), owner_id)


def hub_of(news: News) -> Hub:
    door: Any = SimpleNamespace(news=lambda: [news], tick_seconds=NOT_IN_THIS_TEST)
    hub = Hub(door)
    hub._tick.least = NOT_IN_THIS_TEST
    return hub


def test_the_first_change_waits_for_no_tick_and_further_ones_of_it_go_together() -> None:
    async def play() -> None:
        news = Sent()
        hub = hub_of(news)
        hub.hear(change(OURS))
        await asyncio.wait_for(hub._deliver(), 60)
        assert news.sent == [[OURS]]
        hub.hear(change(OURS))
        hub.hear(change(FOREIGN))
        following = asyncio.create_task(hub._deliver())
        for _ in range(10):
            await asyncio.sleep(0)
        assert news.sent == [[OURS]] and news.heard == [OURS, FOREIGN], "they wait for the tick"
        following.cancel()
        await hub.stop()

    asyncio.run(play())


def test_changes_that_concern_nobody_here_keep_no_other_waiting() -> None:
    async def play() -> None:
        news = Sent()
        hub = hub_of(news)
        for owner_id in (FOREIGN, FOREIGN, OURS):
            hub.hear(change(owner_id))
            await asyncio.wait_for(hub._deliver(), 60)
        assert news.sent == [[FOREIGN], [FOREIGN], [OURS]]
        await hub.stop()

    asyncio.run(play())


def test_a_window_grows_while_there_is_always_more_and_begins_anew_after_a_quiet_time() -> None:
    window = Window(20, 200)
    assert [window.take() for _ in range(6)] == [20, 40, 80, 160, 200, 200]
    window.begin_anew()
    assert [window.take() for _ in range(2)] == [20, 40]
    assert Window(20, 10).take() == 10
