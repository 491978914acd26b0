from __future__ import annotations

import asyncio

from dashboard.live.frames import Part
from dashboard.live.page import MOST_CHARACTERS, Parts
from executions.live.closing import Close


def test_a_newer_fragment_replaces_the_older_one() -> None:
    box = Parts()
    box.put("t", 1, [Part("a", "old"), Part("b", "stays")])
    box.put("t", 2, [Part("a", "new")])
    (frame,) = box.drain()
    assert frame["seq"] == 2
    assert {part["id"]: part["html"] for part in frame["parts"]} == {"a": "new", "b": "stays"}


def test_too_much_becomes_a_reset_and_toasts_survive_it() -> None:
    box = Parts()
    box.put("t", 1, [Part("a", "x" * MOST_CHARACTERS)], [{"id": "n"}])
    box.put("t", 2, [Part("b", "more")])
    (frame,) = box.drain()
    assert frame["reset"] and frame["seq"] == 2 and frame["toasts"] == [{"id": "n"}]


def test_what_was_drained_is_gone() -> None:
    box = Parts()
    box.put("t", 1, [Part("a", "x")])
    box.say("beat", {"beat": {}})
    assert len(box.drain()) == 2
    assert box.drain() == []
    assert asyncio.run(box.take(0.0)) == []


def test_a_topic_that_was_left_is_forgotten() -> None:
    box = Parts()
    box.put("t", 1, [Part("a", "x")])
    box.forget("t")
    assert box.drain() == []


def test_patience_ends_when_nothing_is_acknowledged() -> None:
    box = Parts()
    assert asyncio.run(box.is_acknowledged(0.0))
    box.unacknowledged = Parts.MOST_UNACKNOWLEDGED
    assert not asyncio.run(box.is_acknowledged(0.0))
    box.acknowledge()
    assert asyncio.run(box.is_acknowledged(0.0))


def test_a_page_that_is_closed_gets_nothing_more_and_is_not_waited_for() -> None:
    box = Parts()
    box.unacknowledged = Parts.MOST_UNACKNOWLEDGED
    box.put("t", 1, [Part("a", "for other rights")])
    box.close(Close.NOT_ALLOWED)
    assert asyncio.run(box.is_acknowledged(60.0))
    assert box.is_over() and asyncio.run(box.take()) == []
