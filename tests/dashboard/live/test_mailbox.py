from __future__ import annotations

from dashboard.live.frames import Part
from dashboard.live.mailbox import MOST_CHARACTERS, MOST_UNACKNOWLEDGED, Mailbox


def test_a_newer_fragment_replaces_the_older_one() -> None:
    box = Mailbox()
    box.put("t", 1, [Part("a", "old"), Part("b", "stays")])
    box.put("t", 2, [Part("a", "new")])
    (frame,) = box.drain()
    assert frame["seq"] == 2
    assert {part["id"]: part["html"] for part in frame["parts"]} == {"a": "new", "b": "stays"}


def test_too_much_becomes_a_reset_and_toasts_survive_it() -> None:
    box = Mailbox()
    box.put("t", 1, [Part("a", "x" * MOST_CHARACTERS)], [{"id": "n"}])
    box.put("t", 2, [Part("b", "more")])
    (frame,) = box.drain()
    assert frame["reset"] and frame["seq"] == 2 and frame["toasts"] == [{"id": "n"}]


def test_what_was_drained_is_gone() -> None:
    box = Mailbox()
    box.put("t", 1, [Part("a", "x")])
    box.say("beat", {"beat": {}})
    assert len(box.drain()) == 2
    assert box.drain() == []
    assert not box.ready.is_set()


def test_a_topic_that_was_left_is_forgotten() -> None:
    box = Mailbox()
    box.put("t", 1, [Part("a", "x")])
    box.forget("t")
    assert box.drain() == []


def test_patience_ends_when_nothing_is_acknowledged() -> None:
    box = Mailbox()
    assert box.is_patient()
    box.unacknowledged = MOST_UNACKNOWLEDGED
    assert not box.is_patient()
