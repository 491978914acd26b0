"""Puts ``[masked]`` in the place of what is sensitive in a value of a run.

A value is sensitive where the name of its field is (:mod:`executions.showing.names`), and wherever
a value of such a field of the run's input, or of the result of a step, turns up again: an
expression may have put it elsewhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from executions.secrets.hiding import Hider
from executions.showing.names import Names

LABEL = "[masked]"
# A shorter value is masked where it stands alone only from this length on: `1` or `no` is anything.
_SHORTEST = 4
_MOST_VALUES = 1_000
_LONGEST_JSON = 1_000_000
_SIBLINGS = ("name", "key", "header")
_TOLD = "value"

# These give themselves away in a text, whatever they are called.
_BEARER = re.compile(r"(?i)\b(bearer|basic|digest)(\s+)[\w\-.~+/=:]{6,}")
_USER_INFO = re.compile(r"(?<=://)[^\s/@:]{0,200}:[^\s/@]{1,200}(?=@)")
_COOKIE = re.compile(r"(?im)\b((?:set-)?cookie\s*:\s*)[^\n\"']+")
_KEY_BLOCK = re.compile(
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,30}KEY-----|\Z)", re.DOTALL
)
# `name: value` and `name=value`, in quotes or without, and so within a text of JSON too.
_PAIR = re.compile(
    r"""(?<![\w-])(?P<name>[A-Za-z][\w-]{0,60}(?:\ (?:key|number|code|id|header))?)
    (?P<between>\\{0,4}["']?\s{0,8}(?:=>|[:=])\s{0,8})
    (?P<value>\\{0,4}"(?:[^"\\]|\\[^"])*\\{0,4}"?|'[^'\n]*'?
      |(?:[Bb]earer|[Bb]asic)\s+\S+|[^\s,;&"'}\]<>]+)""",
    re.VERBOSE,
)


class Mask:
    """Hides the sensitive part of a run from one reader. ``values`` are sensitive values that may
    turn up anywhere in it.
    """

    def __init__(self, names: Names, values: Iterable[Any] = ()) -> None:
        self.names = names
        self._texts = frozenset(_texts(values))
        self._hider = Hider({str(at): text for at, text in enumerate(sorted(self._texts))})

    def knowing(self, values: Iterable[Any]) -> Mask:
        """This mask, which knows these sensitive values too."""
        texts = frozenset(_texts(values)) - self._texts
        return Mask(self.names, [*sorted(self._texts), *sorted(texts)]) if texts else self

    def joined(self, other: Mask) -> Mask:
        """A mask that hides all that either hides."""
        return Mask(self.names.joined(other.names), self._texts | other._texts)

    def value(self, value: Any) -> Any:
        """A JSON value as it is shown."""
        if isinstance(value, str):
            return self._string(value)
        if isinstance(value, Mapping):
            return self._object(value)
        if isinstance(value, (list, tuple)):
            return [self.value(item) for item in value]
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return LABEL if self._is_known(value) else value
        return value

    def text(self, text: str) -> str:
        """Somebody's text, a log or a message as it is shown."""
        if text in self._texts:
            return LABEL
        text = _KEY_BLOCK.sub(LABEL, text)
        text = self._hider.replaced(text, lambda name, piece: LABEL)
        text = _COOKIE.sub(rf"\1{LABEL}", text)
        text = _BEARER.sub(rf"\1\2{LABEL}", text)
        text = _USER_INFO.sub(LABEL, text)
        return _PAIR.sub(self._pair, text)

    def sensitive_in(self, value: Any) -> Iterator[Any]:
        """The contents of the sensitive fields of a value, at any depth."""
        if isinstance(value, Mapping):
            named = self._is_named(value)
            for key, item in value.items():
                is_told = named and str(key).lower() == _TOLD
                if is_told or self.names.holds(str(key)):
                    yield from leaves_of(item)
                else:
                    yield from self.sensitive_in(item)
        elif isinstance(value, (list, tuple)):
            for item in value:
                yield from self.sensitive_in(item)

    def _object(self, value: Mapping[Any, Any]) -> dict[Any, Any]:
        named = self._is_named(value)
        shown = {}
        for key, item in value.items():
            is_told = named and str(key).lower() == _TOLD
            if is_told or self.names.holds(str(key)):
                shown[self._key(key)] = self._hidden(item, str(key))
            else:
                shown[self._key(key)] = self.value(item)
        return shown

    def _is_named(self, value: Mapping[Any, Any]) -> bool:
        """Whether it is a pair of a name, which is sensitive, and of what is called so."""
        return any(
            isinstance(value.get(key), str) and self.names.holds(value[key]) for key in _SIBLINGS
        )

    def _key(self, key: Any) -> Any:
        return self.text(key) if isinstance(key, str) else key

    def _hidden(self, item: Any, key: str) -> Any:
        # That something is missing, or whether there is a password, tells nothing of it.
        if item is None or (isinstance(item, bool) and key not in self.names.declared):
            return item
        return LABEL

    def _string(self, text: str) -> str:
        if text[:1] in ("{", "[") and len(text) <= _LONGEST_JSON:
            try:
                held = json.loads(text)
            except (ValueError, RecursionError):
                return self.text(text)
            shown = self.value(held)
            return text if shown == held else json.dumps(shown, ensure_ascii=False)
        return self.text(text)

    def _is_known(self, number: int | float) -> bool:
        return bool(self._texts) and str(number) in self._texts

    def _pair(self, match: re.Match[str]) -> str:
        if not self.names.holds(match["name"]):
            return match.group()
        said = match["value"]
        if said.startswith(LABEL[:-1]):
            return match.group()
        quote = re.match(r"\\{0,4}[\"']", said)
        mark = quote.group() if quote else ""
        closed = mark if mark and len(said) > len(mark) and said.endswith(mark[-1]) else ""
        return f"{match['name']}{match['between']}{mark}{LABEL}{closed}"


def leaves_of(value: Any) -> Iterator[Any]:
    """The texts and numbers that a JSON value is made of."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from leaves_of(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from leaves_of(item)
    elif isinstance(value, (str, int, float)) and not isinstance(value, bool):
        yield value


def _texts(values: Iterable[Any]) -> Iterator[str]:
    for at, value in enumerate(values):
        if at >= _MOST_VALUES:
            return
        text = str(value)
        if len(text) >= _SHORTEST and text != LABEL:
            yield text
