"""``stigmer stack`` says where each function is, one line for a frame."""

from __future__ import annotations

from typing import Any

from executions.cli.commands import stacks

FRAMES = [
    {"file": "shop/stock.py", "line": 42, "function": "<lambda>"},
    {"file": "shop/\x1b[2J.py", "line": 7, "function": "count"},
]


def test_each_function_is_told_with_its_frames_and_nothing_steers_the_terminal() -> None:
    call: dict[str, Any] = {"function": "shop.count", "path": "/count", "stacks": [FRAMES]}
    told = stacks.lines({"said": "", "calls": [call]})
    assert told[0] == "shop.count at /count"
    assert told[1] == "    <lambda>  shop/stock.py:42"
    assert "\x1b" not in "".join(told) and len(told) == 3


def test_without_one_the_sentence_of_the_server_says_why() -> None:
    said = "No Python function of it runs at this moment."
    assert stacks.lines({"said": said, "calls": []}) == [said]
