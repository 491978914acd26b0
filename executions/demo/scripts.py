"""The scripts that the demonstration model plays: YAML files, each with what it answers to.

    when: "refund (?P<order>order-[0-9]+)"   # a regular expression over the last user message
    answers:                                 # the first answer, that after its tool calls, …
      - say: "Let me look."
        calls: [{name: demo_shop_order, arguments: {order: "{order}"}}]
      - tries:                               # what the same request gets first, second, …
          - {error: 429, retry_after: 1}
          - {say: "It is done: {result}"}

``{name}`` stands for a group of ``when``, ``{message}`` for the message, ``{result}`` for what the
last tool gave and ``{result.total}`` for a field of it; a number that stands alone is sent as one.
An answer may also ``think`` (a text), send its text at a ``rate`` (pieces a second), ``refuse``
(a text), end with a ``finish`` of its own, claim a ``usage``, fall ``silent`` for some seconds or
``cut`` the connection after the text. ``arguments`` that are a text are sent as they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import yaml

SHIPPED = Path(__file__).parent / "scripts"
_PLACE = re.compile(r"\{([a-z_]+)(?:\.([a-z_]+))?\}")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
NAMES = frozenset(
    {"say", "think", "calls", "rate", "refuse", "finish", "usage", "silent", "cut", "error"}
    | {"retry_after", "code", "message"}
)


class ScriptError(ValueError):
    """A script cannot be played: which file, and why."""


@dataclass(frozen=True, slots=True)
class Play:
    """One answer, its places filled."""

    say: str = ""
    think: str = ""
    calls: Sequence[Mapping[str, Any]] = ()
    rate: float = 0.0
    refuse: str = ""
    finish: str = ""
    usage: Mapping[str, int] | None = None
    silent: float = 0.0
    cut: bool = False
    error: int = 0
    retry_after: float | None = None
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Script:
    """One file. ``answers`` holds, for each answer, what its first, second, … try gets."""

    name: str
    when: re.Pattern[str]
    answers: Sequence[Sequence[Mapping[str, Any]]] = field(default_factory=tuple)

    def play(self, message: str, answered: int, tried: int, result: str) -> Play | None:
        """Its answer to this message after so many answers, at this try; None where it has none."""
        match = self.when.search(message)
        if match is None:
            return None
        tries = self.answers[min(answered, len(self.answers) - 1)]
        places = {"message": message, "result": result, **match.groupdict("")}
        filled = _filled(tries[min(tried, len(tries) - 1)], places)
        texts = {name: str(filled[name]) for name in ("say", "think", "refuse") if name in filled}
        return Play(**filled | texts)


def read(folders: Sequence[Path]) -> list[Script]:
    """The scripts in these folders, in the order of folders and names. Raises ScriptError."""
    paths = [path for folder in folders for path in sorted(folder.glob("*.yaml"))]
    return [_script(path) for path in paths]


def _script(path: Path) -> Script:
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
        answers = [_tries(answer) for answer in said["answers"]]
        if not answers:
            raise ValueError("it has no answers")
        return Script(path.stem, re.compile(said["when"], re.IGNORECASE | re.DOTALL), answers)
    except (yaml.YAMLError, KeyError, TypeError, ValueError, re.error) as problem:
        raise ScriptError(f"{path.name}: {problem}") from problem


def _tries(answer: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    tries = answer.get("tries", [answer])
    for each in tries:
        unknown = set(each) - NAMES
        if unknown:
            raise ValueError(f"it has {', '.join(sorted(unknown))}, which nobody knows")
    return list(tries)


def _filled(value: Any, places: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        text = _PLACE.sub(partial(_value_at, places), value)
        is_one = _PLACE.fullmatch(value) is not None
        return json.loads(text) if is_one and _NUMBER.fullmatch(text) else text
    if isinstance(value, dict):
        return {key: _filled(each, places) for key, each in value.items()}
    return [_filled(each, places) for each in value] if isinstance(value, list) else value


def _value_at(places: Mapping[str, str], place: re.Match[str]) -> str:
    """The value for ``{name}``; of ``{result.total}`` the field of the result, if it is JSON."""
    value = places.get(place[1], place[0])
    if place[2] is None:
        return value
    try:
        part = json.loads(value)[place[2]]
    except (ValueError, KeyError, TypeError):
        return place[0]
    return part if isinstance(part, str) else json.dumps(part)
