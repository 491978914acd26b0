"""An answer that comes, on open pages: in step with it, late, again, and of a turn that began anew."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator

import pytest
import redis
from django.contrib.auth.models import User
from django.test import Client

from executions import streams
from executions.live.topics import execution_topic
from executions.mind.heard import Heard
from executions.models import Execution
from executions.streams import Place
from tests.dashboard.pages import Frame, Page, elsewhere, page, run
from tests.topics import row_topic

pytestmark = pytest.mark.django_db(transaction=True)
Begin = Callable[..., Execution]
As = Callable[[User], Client]


@pytest.fixture(autouse=True)
def closed(redis_client: redis.Redis) -> Iterator[None]:
    yield
    streams.close()


class Reader:
    """What a page shows of an answer, by the frames that it heard."""

    def __init__(self, opened: Page) -> None:
        self.opened, self.text, self.frames = opened, "", 0

    async def until(self, text: str) -> None:
        while self.text != text:
            frame = await self.opened.hear(lambda frame: "stream" in frame, f"{text!r}")
            self.take(frame)

    def take(self, frame: Frame) -> None:
        told = frame["stream"]
        assert told["at"] in (0, len(self.text)), "a piece belongs where the text ends"
        self.text = self.text[: told["at"]] + told["text"]
        self.frames += 1


def test_a_page_gets_each_piece_once_and_one_that_comes_late_the_text_so_far(
    begin: Begin, alice: User, as_: As
) -> None:
    execution, client = begin(), as_(alice)
    topic = execution_topic(execution.pk)
    answer = streams.stream(Place(execution.pk, 1, "/turn/1", 1))

    async def scenario() -> None:
        async with page(client) as opened, page(client) as late:
            await opened.follow(**{topic: execution.head_seq})
            first = Reader(opened)
            text = ""
            for word in ("Grüße ", "aus ", "東京"):
                await elsewhere(answer.hear, Heard(word))
                text += word
                await first.until(text)
            assert first.frames >= 3
            await late.follow(**{topic: execution.head_seq})
            second = Reader(late)
            await second.until(text)
            assert second.frames == 1
            # A worker died, another one asks again.
            again = streams.stream(Place(execution.pk, 2, "/turn/1", 2))
            await elsewhere(again.begin)
            await elsewhere(again.hear, Heard("Anew."))
            for reader in (first, second):
                await reader.until("Anew.")

    run(scenario)


def test_pages_that_open_at_random_moments_all_end_with_the_whole_text(
    begin: Begin, alice: User, as_: As, redis_client: redis.Redis
) -> None:
    execution, client = begin(), as_(alice)
    topic, chance = execution_topic(execution.pk), random.Random(20)
    words = [f"{number}é " for number in range(60)]
    answer = streams.stream(Place(execution.pk, 1, "/turn/1", 1))

    async def scenario() -> None:
        readers: list[Reader] = []
        for number, word in enumerate(words):
            await elsewhere(answer.hear, Heard(word))
            if number % 6 == 0:
                opened = Page(client)
                assert await opened.open()
                await opened.follow(**{topic: execution.head_seq})
                readers.append(Reader(opened))
            if number == 30:
                await elsewhere(redis_client.flushdb)
            if readers and chance.random() < 0.3:
                # A socket breaks; the page comes back and subscribes anew.
                broken = chance.choice(readers)
                await broken.opened.leave()
                broken.opened = Page(client)
                assert await broken.opened.open()
                await broken.opened.follow(**{topic: execution.head_seq})
        for reader in readers:
            await reader.until("".join(words))
            await reader.opened.leave()

    run(scenario)


def test_what_comes_is_for_those_who_may_see_the_run_and_show_it(
    begin: Begin, alice: User, bob: User, as_: As
) -> None:
    execution, hers, his = begin(), as_(alice), as_(bob)
    topic, row = execution_topic(execution.pk), row_topic(execution.pk)
    answer = streams.stream(Place(execution.pk, 1, "/turn/1", 1))

    async def scenario() -> None:
        async with page(his) as stranger, page(hers) as listing:
            await stranger.follow(**{topic: 0})
            await listing.follow(**{row: execution.head_seq})
            await stranger.hear(lambda frame: frame.get("refused") == topic, "the refusal")
            async with page(hers) as opened:
                await opened.follow(**{topic: execution.head_seq})
                await elsewhere(answer.hear, Heard("for her"))
                await Reader(opened).until("for her")
            for other in (stranger, listing):
                while not await other.socket.receive_nothing(0.3):
                    assert "stream" not in json.loads((await other.socket.receive_output())["text"])

    run(scenario)


def test_a_page_without_a_socket_gets_the_text_so_far(begin: Begin, alice: User, as_: As) -> None:
    execution, client = begin(), as_(alice)
    answer = streams.stream(Place(execution.pk, 1, "/turn/1", 1))
    answer.hear(Heard("so far"))
    streams.close()
    topic = f"{execution_topic(execution.pk)}@{execution.head_seq}"
    frames = client.get("/live/changes", {"topic": topic}).json()["frames"]
    assert [frame["stream"]["text"] for frame in frames if "stream" in frame] == ["so far"]
