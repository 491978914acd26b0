"""The paths of the steps of an agent's run.

``/start``            what it begins with: instructions, tools, limits
``/turn/2``           the second request to a model
``/turn/2/call``      its tool calls beside each other, where there are several
``/turn/2/call/1``    the first of them
``/turn/2/ask/1``     whether that call may be made
``/turn/2/said``      what a person said while the run worked, before that turn
``/turn/2/check``     whether that answer is the data that is wanted
``/compact/3``        what was said before, in short, from the third turn on
``/ask/turns/1``      whether it shall go on beyond a limit
No name that a model wrote is part of a path: two calls of one tool have two paths.
"""

from __future__ import annotations

import re

START = "/start"
_TURN = re.compile(r"/turn/(\d+)")
_CALL = re.compile(r"/turn/(\d+)/call/(\d+)")
_SAID = re.compile(r"/turn/\d+/said")
_CHECK = re.compile(r"/turn/\d+/check")
_COMPACTION = re.compile(r"/compact/(\d+)")
_WORDS = (
    (_TURN, "Turn {0}"),
    (re.compile(r"/turn/(\d+)/call"), "Calls of turn {0}"),
    (_CALL, "Call {1} of turn {0}"),
    (re.compile(r"/turn/(\d+)/said"), "Said before turn {0}"),
    (re.compile(r"/turn/(\d+)/check"), "Answer {0}"),
    (re.compile(r"/turn/(\d+)/ask/(\d+)"), "Approval of call {1} of turn {0}"),
    (_COMPACTION, "In short, before turn {0}"),
    (re.compile(r"/ask/([a-z]+)/\d+"), "Limit: {0}"),
)


def turn_path(number: int) -> str:
    return f"/turn/{number}"


def calls_path(turn: int) -> str:
    """Of what stands around the calls of an answer that makes several."""
    return f"/turn/{turn}/call"


def call_path(turn: int, place: int) -> str:
    """Of the tool call at this place of the answer, from 1."""
    return f"/turn/{turn}/call/{place}"


def approval_path(turn: int, place: int) -> str:
    return f"/turn/{turn}/ask/{place}"


def check_path(turn: int) -> str:
    """Of what was found wrong with the answer of a turn, where it has to be data."""
    return f"/turn/{turn}/check"


def said_path(turn: int) -> str:
    """Of what a person said while the run worked, taken before this turn."""
    return f"/turn/{turn}/said"


def is_said(path: str) -> bool:
    """Whether messages are taken there."""
    return _SAID.fullmatch(path) is not None


def compaction_path(number: int) -> str:
    """Of what is told in short before a turn."""
    return f"/compact/{number}"


def is_check(path: str) -> bool:
    """Whether an answer is checked there."""
    return _CHECK.fullmatch(path) is not None


def compaction_number(path: str) -> int | None:
    """Before which turn something is told in short at this path; None for none."""
    match = _COMPACTION.fullmatch(path)
    return int(match[1]) if match else None


def limit_path(limit: str, number: int) -> str:
    return f"/ask/{limit}/{number}"


def turn_number(path: str) -> int | None:
    """Which turn stands at this path; None for none."""
    match = _TURN.fullmatch(path)
    return int(match[1]) if match else None


def words(path: str) -> str:
    """How people name the step at this path; empty for a path that is no agent's."""
    for pattern, template in _WORDS:
        if match := pattern.fullmatch(path):
            return template.format(*match.groups())
    return ""


def call_place(path: str) -> tuple[int, int] | None:
    """Turn and place of the tool call at this path; None for none."""
    match = _CALL.fullmatch(path)
    return (int(match[1]), int(match[2])) if match else None
