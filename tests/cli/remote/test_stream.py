"""Server-Sent Events, read as the standard says."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from executions.cli.remote.client import lines_of
from executions.cli.remote.stream import Message, messages


def read(*chunks: bytes) -> list[Message]:
    return list(messages(lines_of(chunks)))


def test_a_message_ends_with_an_empty_line() -> None:
    assert read(b"id: 3\nevent: update\ndata: {}\n\n") == [Message("update", "{}", "3")]


def test_chunks_may_part_it_anywhere() -> None:
    whole = 'id: 3\r\nevent: update\r\ndata: {"é": 1}\r\n\r\ndata: x\n\n'.encode()
    once = read(whole)
    assert [read(whole[:at], whole[at:]) for at in range(len(whole))] == [once] * len(whole)
    assert once == [Message("update", '{"é": 1}', "3"), Message("message", "x", "3")]


def test_comments_and_unknown_fields_are_passed_over() -> None:
    assert read(b": still here\n\nretry: 2000\n\nwhatever: 1\ndata: a\n\n") == [
        Message("message", "a")
    ]


def test_data_of_several_lines_is_joined() -> None:
    assert read(b"data: a\ndata:b\ndata\n\n") == [Message("message", "a\nb\n")]


def test_a_message_that_broke_off_is_not_given() -> None:
    assert read(b"data: whole\n\ndata: half") == [Message("message", "whole")]


@pytest.mark.parametrize("separator", ["\u2028", "\u0085", "\x0b"])
def test_only_the_protocols_own_line_ends_count(separator: str) -> None:
    assert read(f"data: a{separator}b\n\n".encode()) == [Message("message", f"a{separator}b")]


def test_an_id_stays_until_another_one_comes() -> None:
    found: Iterable[Message] = read(b"id: 1\ndata: a\n\ndata: b\n\nid: 2\ndata: c\n\n")
    assert [message.id for message in found] == ["1", "1", "2"]
