"""A child's bytes are hostile: what its parent does with those that no child of ours would send."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from executions.sealed.errors import SealedDied, SealedHung, SealedTooLarge, SealedUnavailable
from executions.sealed.frames import ANSWERED, READY, reply
from executions.sealed.process import SealedChild

MAX_BYTES = 1_000


class Pipes:
    """The side of the child, played by the test."""

    def __init__(self) -> None:
        self.requests, request_out = os.pipe()
        reply_in, self.replies = os.pipe()
        self.child = SealedChild(request_out, reply_in, MAX_BYTES)

    def says(self, data: bytes) -> None:
        os.write(self.replies, data)

    def close(self) -> None:
        self.child.dispose()
        os.close(self.requests)
        if self.replies >= 0:
            os.close(self.replies)


@pytest.fixture
def pipes() -> Iterator[Pipes]:
    made = Pipes()
    yield made
    made.close()


def test_an_answer_in_pieces_is_put_together(pipes: Pipes) -> None:
    frame = reply(ANSWERED, 7, b"body")
    pipes.says(frame[:3])
    assert pipes.child.ask(b"x", 0.01) is None
    pipes.says(frame[3:])
    answer = pipes.child.wait(1.0)
    assert answer is not None and answer.body == b"body"


@pytest.mark.parametrize(
    "data",
    [
        reply(ANSWERED, 0, b"x" * (MAX_BYTES + 1)),
        b"\xff" * 13,
        reply(ANSWERED, 0, b"one") + b"and more",
    ],
)
def test_more_than_is_allowed_is_not_read(pipes: Pipes, data: bytes) -> None:
    pipes.says(data)
    with pytest.raises(SealedTooLarge):
        pipes.child.ask(b"x", 1.0)


def test_an_outcome_that_does_not_exist_is_a_broken_child(pipes: Pipes) -> None:
    pipes.says(reply(77, 0, b""))
    answer = pipes.child.ask(b"x", 1.0)
    assert answer is not None and answer.outcome not in (ANSWERED, 77)


def test_a_child_that_ends_in_the_middle_died(pipes: Pipes) -> None:
    pipes.says(reply(ANSWERED, 0, b"body")[:-1])
    os.close(pipes.replies)
    pipes.replies = -1
    with pytest.raises(SealedDied):
        pipes.child.ask(b"x", 1.0)


@pytest.mark.parametrize("word", [b"", reply(ANSWERED, 0, b"12"), reply(READY, 0, b"")[:-1]])
def test_a_child_that_does_not_say_that_it_is_ready_did_not_start(
    pipes: Pipes, word: bytes
) -> None:
    pipes.says(word)
    os.close(pipes.replies)
    pipes.replies = -1
    with pytest.raises(SealedUnavailable):
        pipes.child.wait_until_ready(1.0)


def test_a_child_that_does_not_read_is_not_waited_for_without_end(
    pipes: Pipes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("executions.sealed.process._WALL_SECONDS", 0.05)
    with pytest.raises(SealedHung):
        pipes.child.ask(b"x" * 1_000_000, 0.001)


def test_a_child_that_lies_about_its_time_gains_none(pipes: Pipes) -> None:
    pipes.says(reply(ANSWERED, 10**15, b""))
    assert pipes.child.ask(b"x", 1.0) is not None
    with pytest.raises(SealedHung):
        pipes.child.ask(b"x", 0.01)
