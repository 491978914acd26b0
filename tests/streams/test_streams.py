"""What comes of an answer, from who hears it to who reads it, through a real Redis."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from executions import streams
from executions.live.streaming import Delta, delta_of, joined
from executions.mind.heard import Heard, together
from executions.redis_client import client
from executions.streams import Place, Streamed, read
from tests.waiting import until


@pytest.fixture(autouse=True)
def closed(redis_client: redis.Redis) -> Iterator[None]:
    yield
    streams.close()


def place(execution_id: uuid.UUID, token: int = 1, attempt: int = 1) -> Place:
    return Place(execution_id, token, "/turn/1", attempt)


def stands(key: uuid.UUID, text: str, before: Streamed | None = None) -> Streamed:
    def look() -> Streamed | None:
        now = read({key: before}).get(key)
        return now if now is not None and now.text == text else None

    found = until(look, what=f"the text is {text!r}")
    assert found is not None
    return found


def test_who_comes_late_reads_all_of_it_and_who_was_there_only_what_is_new() -> None:
    key = uuid.uuid4()
    answer = streams.stream(place(key))
    answer.begin()
    answer.hear(Heard("Grüße ", pieces=1))
    first = stands(key, "Grüße ")
    answer.hear(Heard("aus 東京", thinking=7, pieces=2))
    answer.hear(Heard(tool="shop_stock", arguments=3))
    answer.hear(Heard(arguments=4))
    until(lambda: read({key: None})[key].arguments == 7, what="all is counted")
    late = read({key: None})[key]
    assert (late.text, late.thinking, late.tool) == ("Grüße aus 東京", 7, "shop_stock")
    assert read({key: first})[key] == late
    delta = delta_of(key, late, first)
    assert delta is not None and (delta.at, delta.text) == (6, "aus 東京")
    assert delta_of(key, late, late) is None


def test_a_later_attempt_replaces_what_an_earlier_one_had_and_a_fenced_one_writes_nothing() -> None:
    key = uuid.uuid4()
    old = streams.stream(place(key, token=1))
    old.hear(Heard("half a tur"))
    before = stands(key, "half a tur")
    new = streams.stream(place(key, token=2, attempt=2))
    new.begin()
    now = stands(key, "", before)
    delta = delta_of(key, now, before)
    assert delta is not None and (delta.at, delta.text, delta.attempt) == (0, "", 2)
    old.hear(Heard("n of a worker that lost its lease"))
    new.hear(Heard("whole"))
    stands(key, "whole", now)
    old.hear(Heard(" more"))
    other = uuid.uuid4()
    streams.stream(place(other)).hear(Heard("after it"))
    stands(other, "after it")
    assert read({key: now})[key].text == "whole"


def test_a_redis_that_forgot_everything_gets_all_of_it_again(redis_client: redis.Redis) -> None:
    key = uuid.uuid4()
    answer = streams.stream(place(key))
    answer.hear(Heard("one "))
    before = stands(key, "one ")
    redis_client.flushdb()
    answer.hear(Heard("two"))
    assert stands(key, "one two", before).path == "/turn/1"


def test_without_redis_nothing_is_shown_and_nothing_fails(
    settings: Any, redis_client: redis.Redis
) -> None:
    works, key = settings.REDIS_URL, uuid.uuid4()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    answer = streams.stream(place(key))
    answer.begin()
    answer.hear(Heard("said while it was away, "))
    with pytest.raises(redis.RedisError):
        read({key: None})
    settings.REDIS_URL = works
    client.cache_clear()
    answer.hear(Heard("and after"))
    stands(key, "said while it was away, and after")


def test_what_ended_is_forgotten_soon(redis_client: redis.Redis) -> None:
    key = uuid.uuid4()
    answer = streams.stream(place(key))
    answer.hear(Heard("x"))
    answer.end()
    stands(key, "x")
    until(lambda: 0 < redis_client.ttl(f"stigmer:stream:{key.hex}:text") <= 5, what="it ends soon")


def test_a_text_without_measure_is_shown_up_to_its_limit() -> None:
    key = uuid.uuid4()
    answer = streams.stream(place(key))
    for piece in ("ab" + "é" * 400_000, "ü" * 300_000, "and more", ""):
        answer.hear(Heard(piece, thinking=1))
    until(lambda: (now := read({key: None}).get(key)) and now.thinking == 4, what="all is heard")
    assert read({key: None})[key].text == "ab" + "é" * 400_000 + "ü" * 124_287


def test_what_waits_to_be_sent_is_sent_together() -> None:
    key = uuid.uuid4()
    first = Delta(key, "/turn/1", 1, 4, "ab", 0, "", 0)
    more = Delta(key, "/turn/1", 1, 6, "cd", 3, "stock", 9)
    assert joined(first, more) == Delta(key, "/turn/1", 1, 4, "abcd", 3, "stock", 9)
    anew = Delta(key, "/turn/1", 2, 0, "", 0, "", 0)
    assert joined(joined(first, more), anew) == anew


def test_pieces_of_an_answer_are_counted_by_tool() -> None:
    heard = [Heard(tool="a", arguments=2), Heard(arguments=3), Heard(tool="b"), Heard(arguments=1)]
    assert together(heard) == Heard(tool="b", arguments=1)
    assert together([Heard("x", pieces=1), Heard("y", pieces=1)]) == Heard("xy", pieces=2)


def test_of_two_that_come_at_once_the_first_is_shown_and_the_other_when_that_is_over() -> None:
    key = uuid.uuid4()
    one, other = (streams.stream(Place(key, 1, path, 1)) for path in ("/a", "/b"))
    one.begin()
    one.hear(Heard("one ", pieces=1))
    first = stands(key, "one ")
    other.begin()
    other.hear(Heard("other ", pieces=1))
    one.hear(Heard("goes on", pieces=1))
    shown = stands(key, "one goes on", first)
    assert shown.path == "/a"
    one.end()

    def is_shown() -> bool:
        # The next word of the other brings all of it.
        other.hear(Heard(".", pieces=1))
        return read({key: shown})[key].path == "/b"

    until(is_shown, what="the other is shown")
    later = read({key: shown})[key]
    assert later.text.startswith("other ")
    assert not later.is_of(shown)
    delta = delta_of(key, later, shown)
    assert delta is not None and delta.at == 0
