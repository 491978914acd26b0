"""The filter of a listener, closed: the values of its run are put in when it begins to listen.

A closed filter is JSON: ``type`` (empty: any), ``equal`` (JSON pointers into the event, and what
stands there), ``ask`` (attributes, and the expression that says whether they fit), ``correlate``
(names, and the expression that reads the value from the event; with ``expect`` the value is known),
``variables`` (what its expressions see).

Listeners that differ in nothing but the values of ``equal`` and ``expect`` have one *shape*. So an
event is asked once per shape, and its listeners are found by a hash of those values.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from executions import expressions
from executions.correlation.envelope import Envelope
from executions.errors import ExpressionError
from executions.expressions.mentions import only
from executions.expressions.program import prepared
from executions.pointers import path_of, pointer_of

Filter = dict[str, Any]
# Of an expression that is asked about an event: many listeners wait for the answer.
SECONDS = 0.25


class Scope(Protocol):
    """Evaluates at the place of the listener."""

    @property
    def variables(self) -> Mapping[str, Any]: ...
    def evaluate(self, source: str, value: Any) -> Any: ...
    def resolve(self, template: Any, value: Any) -> Any: ...


def closed(
    attributes: Mapping[str, Any],
    correlate: Mapping[str, Mapping[str, Any]],
    scope: Scope,
    value: Any,
) -> Filter:
    """The filter of these ``with`` and ``correlate``. ``value`` is the task's input.

    Raises ExpressionError.
    """
    equal: dict[str, Any] = {}
    ask: dict[str, str] = {}
    for name, wanted in attributes.items():
        if isinstance(wanted, str) and expressions.is_expression(wanted):
            source = expressions.source_of(wanted)
            if _is_about_the_run(name, source):
                equal[pointer_of((name,))] = _text(name, wanted, scope.evaluate(source, value))
            else:
                ask[name] = source
        elif name == "data":
            equal |= _leaves(("data",), scope.resolve(wanted, value))
        else:
            equal[pointer_of((name,))] = wanted
    kind = equal.pop("/type", "")
    closed_filter: Filter = {
        "type": kind,
        "equal": equal,
        "ask": ask,
        "correlate": {},
        "variables": {},
    }
    for name, rule in correlate.items():
        closed_rule = {"from": _bare(rule["from"])}
        if rule.get("expect") is not None:
            closed_rule["expect"] = scope.resolve(rule["expect"], value)
        closed_filter["correlate"][name] = closed_rule
    asked = [*ask.values(), *(rule["from"] for rule in closed_filter["correlate"].values())]
    closed_filter["variables"] = _mentioned(asked, scope.variables)
    return closed_filter


def _is_about_the_run(name: str, source: str) -> bool:
    """Whether it can only mean a value of the run: a path from a variable, or into what is text in
    every event.
    """
    path = prepared(source).path
    if path is None:
        return False
    return path.variable is not None or (name != "data" and bool(path.steps))


def _text(name: str, written: str, value: Any) -> Any:
    if isinstance(value, str | bool | int) or (name == "data" and value is not None):
        return value
    raise ExpressionError(
        f"`{written[:80]}` gave {json.dumps(value)[:80]}; `{name}` of an event is text, true,"
        " false or a number"
    )


def _bare(source: str) -> str:
    return expressions.source_of(source) if expressions.is_expression(source) else source


def _leaves(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """The values that the data must hold: an object is compared key by key, all else as a whole."""
    if not isinstance(value, dict) or not value:
        return {pointer_of(path): value}
    leaves: dict[str, Any] = {}
    for key, inner in value.items():
        leaves |= _leaves((*path, key), inner)
    return leaves


def _mentioned(sources: list[str], variables: Mapping[str, Any]) -> dict[str, Any]:
    """Of the variables of the run, what these expressions may read."""
    mentioned: dict[str, Any] = {}
    for source in sources:
        for name, keys in prepared(source).mentions.items():
            if name in variables and name != "secrets":
                whole = variables[name]
                part = only(whole, keys)
                earlier = mentioned.get(name)
                if isinstance(part, Mapping) and isinstance(earlier, Mapping):
                    part = {**earlier, **part}
                mentioned[name] = part
    return mentioned


def shape_of(wanted: Filter) -> str:
    """The part that is the same for all listeners that one look at an event answers."""
    return _digest(
        [
            wanted["type"],
            sorted(wanted["equal"]),
            wanted["ask"],
            [
                [name, rule["from"], "expect" in rule]
                for name, rule in sorted(wanted["correlate"].items())
            ],
            wanted["variables"],
        ]
    )


def expects(wanted: Filter) -> str:
    """The expectation of such a listener, as a hash."""
    rules = sorted(wanted["correlate"].items())
    values = [value for _, value in sorted(wanted["equal"].items())]
    return _digest([values, [rule["expect"] for _, rule in rules if "expect" in rule]])


class Fit:
    """How an event fits a shape: ``expected`` finds the listeners; ``keys`` are the values by which
    the first event that a listener takes binds those that follow.
    """

    __slots__ = ("expected", "keys")

    def __init__(self, expected: str, keys: dict[str, Any]) -> None:
        self.expected, self.keys = expected, keys


def fit(wanted: Filter, envelope: Envelope, *, owner: str = "") -> Fit | None:
    """How the event fits listeners of this shape; None where it fits none of them.

    An expression that fails does not fit. Raises SealedClosed where this process ends.
    """
    if wanted["type"] and wanted["type"] != envelope["type"]:
        return None
    values = []
    for pointer in sorted(wanted["equal"]):
        is_there, value = _at(envelope, path_of(pointer))
        if not is_there:
            return None
        values.append(value)
    asked = _asker(wanted["variables"], owner)
    try:
        for name, source in wanted["ask"].items():
            if name not in envelope or not _says_yes(
                name, asked(source, envelope[name]), envelope[name]
            ):
                return None
        expected, keys = [], {}
        for name, rule in sorted(wanted["correlate"].items()):
            value = asked(rule["from"], envelope)
            if value is None:
                return None
            if "expect" in rule:
                expected.append(value)
            else:
                keys[name] = value
    except ExpressionError:
        return None
    return Fit(_digest([values, expected]), keys)


def _asker(variables: Mapping[str, Any], owner: str) -> Callable[[str, Any], Any]:
    def asked(source: str, value: Any) -> Any:
        return expressions.evaluate(source, value, variables, deadline_seconds=SECONDS, owner=owner)

    return asked


def _says_yes(name: str, answer: Any, value: Any) -> bool:
    if name == "data" or isinstance(answer, bool):
        return bool(expressions.truthy(answer))
    return bool(answer == value)


def _at(value: Any, path: Sequence[str]) -> tuple[bool, Any]:
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return False, None
        value = value[key]
    return True, value


def is_same(one: Any, other: Any) -> bool:
    """Whether two values are the same to a listener."""
    return bool(_plain(one) == _plain(other)) and isinstance(one, bool) == isinstance(other, bool)


def _digest(value: Any) -> str:
    text = json.dumps(_plain(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """The same number is the same, however it was written."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value
