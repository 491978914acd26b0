"""Programs such as `.number + 1` or `.state == "paid" and (.items | length) > 0`: worked out in
place, as plain paths are.

They are sums, comparisons and conditions over paths and constants, and most of the programs in a
workflow that are no path. Each part is looked at once, so the work grows with the values that they
read and no faster. If jq's answer is not beyond doubt (a number that is not whole or has more than
53 bits, lists and objects side by side, any error), jq is asked in its child, as it is for any
other program.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from executions.errors import ExpressionError
from executions.expressions.paths import STEP, path_program

Json = Any
Node = Callable[[Json, Mapping[str, Json]], Json]
LONGEST = 1_000
# Operators and parentheses nest no deeper than this, here and when it is worked out.
MOST_TOKENS = 64
_LONGEST_TEXT = 65_536
# Whole numbers below are the same to jq, which calculates with floats.
_EXACT = 2**53
_TOKEN = re.compile(
    rf"""[ \t\r\n]*(?:
    (?P<path>\$[A-Za-z_][A-Za-z0-9_]*{STEP}*|(?=\.[A-Za-z_]){STEP}+
    |\.(?:\["[^"\\]*"\]|\[[0-9]{{1,9}}\]){STEP}*|\.(?![\w.\["?]))
    |(?P<number>(?:0|[1-9][0-9]{{0,14}})(?![\w.]))
    |"(?P<text>[^"\\\x00-\x1f\x7f]*)"
    |(?P<word>(?:true|false|null|and|or|not|length)(?![\w:]))
    |(?P<sign>==|!=|<=|>=|<|>|//(?!=)|[-+|](?!=)|[()])
    )""",
    re.VERBOSE | re.ASCII,
)
_BLANK = re.compile(r"[ \t\r\n]*\Z")
_CONSTANTS = {"true": True, "false": False, "null": None}


class Unsure(Exception):
    """jq has to say it."""


@dataclass(frozen=True, slots=True)
class Plain:
    """``variables`` are those that it reads."""

    variables: frozenset[str]
    node: Node

    def result(self, value: Json, variables: Mapping[str, Json]) -> Json:
        """Its result for the input ``value``. Raises :class:`Unsure`."""
        for name in self.variables:
            if name not in variables:
                raise Unsure
        try:
            return self.node(value, variables)
        except ExpressionError:
            raise Unsure from None


def plain_program(source: str) -> Plain | None:
    """The plain program that ``source`` is, or None where it is more than that."""
    if len(source) > LONGEST:
        return None
    try:
        parser = _Parser(source)
        node = parser.pipe()
        parser.end()
    except Unsure:
        return None
    return Plain(frozenset(parser.variables), node)


class _Parser:
    """From the weakest operator to the strongest, as jq's own grammar has them."""

    def __init__(self, source: str) -> None:
        self.variables: set[str] = set()
        self._source, self._at = source, 0
        self._kind, self._token, self._tokens = "", "", 0
        self._go_on()

    def end(self) -> None:
        """Raises :class:`Unsure` where there is more."""
        if self._kind:
            raise Unsure

    def pipe(self) -> Node:
        node = self._alternative()
        while self._takes("|"):
            if self._takes("not"):
                node = _negation(node)
            else:
                self._expect("length")
                node = _length(node)
        return node

    def _alternative(self) -> Node:
        node = self._any()
        return _either(node, self._alternative()) if self._takes("//") else node

    def _any(self) -> Node:
        node = self._all()
        while self._takes("or"):
            node = _disjunction(node, self._all())
        return node

    def _all(self) -> Node:
        node = self._comparison()
        while self._takes("and"):
            node = _conjunction(node, self._comparison())
        return node

    def _comparison(self) -> Node:
        node = self._sum()
        sign = self._token
        if self._kind == "sign" and sign in _COMPARED:
            self._go_on()
            # A second one behind it is none of jq's programs: it ends what is understood here.
            return _compared(_COMPARED[sign], node, self._sum())
        return node

    def _sum(self) -> Node:
        node = self._operand()
        while True:
            if self._takes("+"):
                node = _compared(_added, node, self._operand())
            elif self._takes("-"):
                node = _compared(_subtracted, node, self._operand())
            else:
                return node

    def _operand(self) -> Node:
        kind, token = self._kind, self._token
        if self._takes("("):
            node = self.pipe()
            self._expect(")")
            return node
        self._go_on()
        if kind == "path":
            return self._path(token)
        if kind == "number":
            return _constant(int(token))
        if kind == "text":
            return _constant(token)
        if kind == "word" and token in _CONSTANTS:
            return _constant(_CONSTANTS[token])
        raise Unsure

    def _path(self, token: str) -> Node:
        path = path_program(token)
        if path is None or path.variable == "secrets":
            raise Unsure
        if path.variable is None:
            return lambda value, variables: path.read(value)
        name = path.variable
        self.variables.add(name)
        return lambda value, variables: path.read(variables[name])

    def _takes(self, token: str) -> bool:
        if self._kind not in ("sign", "word") or self._token != token:
            return False
        self._go_on()
        return True

    def _expect(self, token: str) -> None:
        if not self._takes(token):
            raise Unsure

    def _go_on(self) -> None:
        self._tokens += 1
        if self._tokens > MOST_TOKENS:
            raise Unsure
        match = _TOKEN.match(self._source, self._at)
        if match is not None and match.lastgroup:
            self._kind, self._token, self._at = match.lastgroup, match[match.lastgroup], match.end()
        elif _BLANK.match(self._source, self._at):
            self._kind = self._token = ""
        else:
            raise Unsure


def _constant(constant: Json) -> Node:
    return lambda value, variables: constant


def _compared(work: Callable[[Json, Json], Json], left: Node, right: Node) -> Node:
    return lambda value, variables: work(left(value, variables), right(value, variables))


def _is_true(result: Json) -> bool:
    return result is not None and result is not False


def _negation(node: Node) -> Node:
    return lambda value, variables: not _is_true(node(value, variables))


def _conjunction(left: Node, right: Node) -> Node:
    return lambda value, variables: (
        _is_true(left(value, variables)) and _is_true(right(value, variables))
    )


def _disjunction(left: Node, right: Node) -> Node:
    return lambda value, variables: (
        _is_true(left(value, variables)) or _is_true(right(value, variables))
    )


def _either(left: Node, right: Node) -> Node:
    def either(value: Json, variables: Mapping[str, Json]) -> Json:
        first = left(value, variables)
        return first if _is_true(first) else right(value, variables)

    return either


def _length(node: Node) -> Node:
    def length(value: Json, variables: Mapping[str, Json]) -> Json:
        whole = node(value, variables)
        if whole is None:
            return 0
        if isinstance(whole, str):
            return len(_text(whole))
        if isinstance(whole, (dict, list)):
            return len(whole)
        raise Unsure

    return length


def _added(left: Json, right: Json) -> Json:
    if isinstance(left, str) and isinstance(right, str):
        if len(left) + len(right) > _LONGEST_TEXT:
            raise Unsure
        return _text(left) + _text(right)
    return _exact(_exact(left) + _exact(right))


def _subtracted(left: Json, right: Json) -> Json:
    return _exact(_exact(left) - _exact(right))


def _exact(number: Json) -> int:
    if type(number) is not int or not -_EXACT < number < _EXACT:
        raise Unsure
    return number


def _text(text: str) -> str:
    """The text, if it is one that JSON can hold."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise Unsure from None
    return text


def _equal(left: Json, right: Json) -> bool:
    kind = _kind(left)
    if kind is not _kind(right):
        return False
    if kind is None or kind is bool:
        return left is right
    if kind is str:
        return _text(left) == _text(right)
    return _exact(left) == _exact(right)


def _unequal(left: Json, right: Json) -> bool:
    return not _equal(left, right)


def _ordered(work: Callable[[Any, Any], bool]) -> Callable[[Json, Json], bool]:
    """Of two texts, which jq compares by their code points, or two numbers."""

    def ordered(left: Json, right: Json) -> bool:
        if isinstance(left, str) and isinstance(right, str):
            return work(_text(left), _text(right))
        return work(_exact(left), _exact(right))

    return ordered


def _kind(value: Json) -> type | None:
    """The name of its type to jq: values of different ones are never equal."""
    if value is None:
        return None
    if isinstance(value, bool):
        return bool
    if isinstance(value, (int, float)):
        return int
    for kind in (str, list, dict):
        if isinstance(value, kind):
            return kind
    raise Unsure


_COMPARED: dict[str, Callable[[Json, Json], bool]] = {
    "==": _equal,
    "!=": _unequal,
    "<": _ordered(operator.lt),
    "<=": _ordered(operator.le),
    ">": _ordered(operator.gt),
    ">=": _ordered(operator.ge),
}
