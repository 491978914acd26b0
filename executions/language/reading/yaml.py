"""Reads YAML (and so JSON) strictly, and remembers where everything stood.

Refused: aliases, anchors, tags, duplicate keys, keys that are not text, several documents, and
whatever is larger than the :class:`Limits`, counted on the parser's events before anything is
built. Scalars follow the YAML 1.2 core schema: ``yes``, ``on`` and dates are text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml

from executions.language.reading.problems import (
    MOST_PROBLEMS,
    DefinitionError,
    Path,
    Problem,
    shown,
)
from executions.pointers import pointer_of

_NULL = re.compile(r"~|null|Null|NULL|")
_BOOL = re.compile(r"(true|True|TRUE)|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]+", re.ASCII)
_OTHER_INT = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
_NOT_JSON = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")

# A date for a reader of YAML 1.1, NaN for one of JSON5: text for one of YAML 1.2.
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt \t].*)?", re.ASCII)
_NAMED_NUMBER = re.compile(r"[-+]?(NaN|nan|NAN|Infinity|infinity)")

_PAIR = re.compile(
    r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"
)


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a definition may be."""

    max_bytes: int = 256 * 1024
    max_depth: int = 32
    max_nodes: int = 20_000
    max_key_characters: int = 1_000
    max_digits: int = 1_000


class Position(NamedTuple):
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Source:
    """A document and the places of its parts."""

    document: Any
    # Keyed by container, not by pointer: pointers of 20,000 nodes below one long key would fill the
    # memory.
    _positions: dict[tuple[int, str | int], Position] = field(repr=False)

    def position(self, path: Path) -> Position:
        """The place of the key or item at ``path``; of something missing, that of the nearest part
        around it.
        """
        node, position = self.document, self._positions.get((0, 0), Position(1, 1))
        for part in path:
            position = self._positions.get((id(node), part), position)
            try:
                node = node[part]
            except (KeyError, IndexError, TypeError):
                break
        return position

    def problem(
        self, path: Path, message: str, expected: str = "", suggestion: str = ""
    ) -> Problem:
        """A problem with what stands at ``path``."""
        return Problem(*self.position(path), pointer_of(path), message, expected, suggestion)


def read(
    text: str, limits: Limits | None = None, *, only_what_all_read_alike: bool = False
) -> Source:
    """The document in ``text``. Raises DefinitionError, and nothing else, where it cannot be taken.

    ``only_what_all_read_alike`` refuses dates and ``NaN`` without quotes, too: data that other
    programs read as well has to mean the same to them.
    """
    limits = limits or Limits()
    _refuse_size(text, limits)
    builder = _Builder(limits, only_what_all_read_alike)
    for event in _events(text, builder.problems):
        if not builder.take(event) or len(builder.problems) >= MOST_PROBLEMS:
            break
    if not builder.problems and not builder.has_document:
        builder.problems.append(Problem(1, 1, "", "the text holds no document", "a workflow"))
    if builder.problems:
        raise DefinitionError(builder.problems)
    return Source(builder.document, builder.positions)


def _refuse_size(text: str, limits: Limits) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        problem = Problem(
            line, 1, "", "the text holds half a character (a lone surrogate)", "valid Unicode"
        )
        raise DefinitionError([problem]) from None
    if size > limits.max_bytes:
        message = f"the text is {size:,} bytes long"
        raise DefinitionError([Problem(1, 1, "", message, f"at most {limits.max_bytes:,} bytes")])


def _one_character(pair: re.Match[str]) -> str:
    # JSON writes characters beyond U+FFFF as two escapes, which YAML's parser does not join.
    return (
        f"{pair[1]}{chr(0x10000 + ((int(pair[2], 16) - 0xD800) << 10) + int(pair[3], 16) - 0xDC00)}"
    )


def _events(text: str, problems: list[Problem]) -> Iterator[Any]:
    if text.lstrip().startswith("{"):
        text = _PAIR.sub(_one_character, text)
    try:
        yield from yaml.parse(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        cause = ", ".join(part for part in (error.context, error.problem) if part)
        problems.append(Problem(line, column, "", f"this is not valid YAML: {cause}"))
    except yaml.YAMLError as error:
        problems.append(
            Problem(1, 1, "", f"this is not valid YAML: {' '.join(str(error).split())[:200]}")
        )


class _Frame:
    """A container that is being filled."""

    def __init__(self, container: Any) -> None:
        self.container = container
        self.key: str | None = None
        self.expects_key = isinstance(container, dict)


class _Builder:
    """Builds a JSON value from parser events."""

    def __init__(self, limits: Limits, only_what_all_read_alike: bool = False) -> None:
        self._only_what_all_read_alike = only_what_all_read_alike
        self.problems: list[Problem] = []
        self.positions: dict[tuple[int, str | int], Position] = {}
        self.document: Any = None
        self.has_document = False
        self._limits = limits
        self._frames: list[_Frame] = []
        self._nodes = 0

    def take(self, event: Any) -> bool:
        """Use one event; False where reading has to stop."""
        match event:
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._frames.pop()
            case yaml.DocumentStartEvent() if self.has_document:
                return self._stop(
                    event, "a second document begins here", "one workflow in one file"
                )
            case yaml.NodeEvent():
                return self._take_node(event)
        return True

    def _take_node(self, event: Any) -> bool:
        self._nodes += 1
        if self._nodes > self._limits.max_nodes:
            return self._stop(
                event,
                "the document has too many parts",
                f"at most {self._limits.max_nodes:,} values",
            )
        self._refuse_references(event)
        frame = self._frames[-1] if self._frames else None
        if frame is not None and frame.expects_key:
            return self._take_key(frame, event)
        match event:
            case yaml.ScalarEvent():
                value = self._scalar(event)
            case yaml.AliasEvent():
                value = None
            case _:
                if len(self._frames) >= self._limits.max_depth:
                    return self._stop(
                        event,
                        "this is nested too deeply",
                        f"at most {self._limits.max_depth} levels",
                    )
                value = {} if isinstance(event, yaml.MappingStartEvent) else []
        self._place(frame, value, event)
        if isinstance(value, dict | list):
            self._frames.append(_Frame(value))
        return True

    def _take_key(self, frame: _Frame, event: Any) -> bool:
        if not isinstance(event, yaml.ScalarEvent):
            return self._stop(event, "a key has to be text", "text")
        key: str = event.value
        frame.key = key[: self._limits.max_key_characters]
        if len(key) > self._limits.max_key_characters:
            return self._stop(
                event,
                "the key is too long",
                f"at most {self._limits.max_key_characters:,} characters",
            )
        if not isinstance(self._scalar(event), str):
            self._note(
                event,
                f"the key {shown(key)} is not text",
                "text",
                f'put it in quotes: "{key[:60]}"',
            )
        if key in frame.container:
            first = self.positions[id(frame.container), key].line
            self._note(
                event,
                f"the key {shown(key)} stands here twice (first in line {first})",
                "each key once",
            )
        frame.expects_key = False
        self.positions.setdefault((id(frame.container), key), _position(event))
        return True

    def _place(self, frame: _Frame | None, value: Any, event: Any) -> None:
        if frame is None:
            self.document, self.has_document = value, True
            self.positions[0, 0] = _position(event)
        elif frame.key is not None:
            frame.container[frame.key] = value
            frame.expects_key = True
        else:
            self.positions[id(frame.container), len(frame.container)] = _position(event)
            frame.container.append(value)

    def _refuse_references(self, event: Any) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._note(
                event, f"the alias {shown(f'*{event.anchor}')} is not allowed", "the value itself"
            )
        elif event.anchor is not None:
            self._note(
                event,
                f"the anchor {shown(f'&{event.anchor}')} is not allowed",
                "a value without it",
            )
        if getattr(event, "tag", None) is not None:
            self._note(event, f"the tag {shown(event.tag)} is not allowed", "a value without it")

    def _scalar(self, event: Any) -> Any:
        text: str = event.value
        if not event.implicit[0]:  # quoted, or a block: always text
            if "\0" in text:
                self._note(
                    event,
                    "the text holds a NUL character, which cannot be stored",
                    "text without it",
                )
            return text
        if _NULL.fullmatch(text):
            return None
        if match := _BOOL.fullmatch(text):
            return match[1] is not None
        return self._number(event, text)

    def _number(self, event: Any, text: str) -> Any:
        if _INT.fullmatch(text) or _OTHER_INT.fullmatch(text):
            if len(text) > self._limits.max_digits:
                self._note(
                    event, "the number is too long", f"at most {self._limits.max_digits:,} digits"
                )
                return 0
            return int(text, 0 if _OTHER_INT.fullmatch(text) else 10)
        if _NOT_JSON.fullmatch(text):
            self._note(event, f"{shown(text)} is no JSON number", "a finite number")
            return 0.0
        if _FLOAT.fullmatch(text):
            number = float(text)
            if number in (float("inf"), float("-inf")):
                self._note(
                    event, f"the number {shown(text)} is too large", "a number below 1.8e308"
                )
            return number
        if self._only_what_all_read_alike and (
            _DATE.fullmatch(text) or _NAMED_NUMBER.fullmatch(text)
        ):
            kind = "a date" if _DATE.fullmatch(text) else "a number"
            self._note(
                event,
                f"{shown(text)} is {kind} to some readers, which JSON does not have",
                "text in quotes",
            )
        return text

    def _note(self, event: Any, message: str, expected: str = "", suggestion: str = "") -> None:
        path: list[str | int] = []
        for frame in self._frames:
            if isinstance(frame.container, list):
                # An item on the way to this place is already in its list; the one being read is
                # not.
                path.append(len(frame.container) - (frame is not self._frames[-1]))
            elif frame.key is not None:
                path.append(frame.key)
        self.problems.append(
            Problem(*_position(event), pointer_of(tuple(path)), message, expected, suggestion)
        )

    def _stop(self, event: Any, message: str, expected: str) -> bool:
        self._note(event, message, expected)
        return False


def _position(event: Any) -> Position:
    return Position(event.start_mark.line + 1, event.start_mark.column + 1)
