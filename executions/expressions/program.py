"""An expression made ready to run, once per text: screened, compiled, and sorted by where it may run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jaq

from executions.errors import ExpressionError
from executions.expressions.builtins import ALLOWED_NAMES, names, prelude
from executions.expressions.paths import PathProgram, path_program
from executions.expressions.screen import VARIABLES, Screened, screen
from executions.expressions.values import TooHeavy, weigh

Json = Any
# About 50 ns a unit: the longest that an expression holds up the other threads of its process is some 15 ms.
BUDGET = 300_000
_NUMERIC_NAMES = names(
    "length floor ceil round abs fabs trunc sqrt add map select min max first last now not true false null any all"
)
_REASON = re.compile(r"Error: (?P<reason>[^\n]*)")
_MARK = re.compile(r"^ *(?P<line>[0-9]+) │ (?P<text>.*)$\n *┆ (?P<mark>.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Program:
    """``reads`` names each variable that the program uses with the only keys read from it (None: all of it)."""

    source: str
    full_source: str
    reads: Mapping[str, frozenset[str] | None]
    screened: Screened
    path: PathProgram | None
    compiled: jaq.Filter

    def may_run_here(self, value: Json, variables: Mapping[str, Json]) -> bool:
        """Whether the work has a small bound for these values, so that it may run inside this process."""
        found = self.screened
        if not found.bounded or found.loops > 4:
            return False
        limit = float((BUDGET / found.growth) ** (1 / (1 << found.loops))) - found.size
        try:
            weight, has_text = weigh([value, *variables.values()], limit)
        except TooHeavy:
            return False
        if found.multiplies and (has_text or '"' in self.source or not found.names <= _NUMERIC_NAMES):
            return False
        return weight <= limit


def check(source: str, extra_variables: Iterable[str] = ()) -> list[str]:
    """What is wrong with a jq expression (without `${ }`), in plain words; an empty list if nothing is.

    ``extra_variables`` are names, without `$`, that are known besides those of the DSL: loop variables, for example.
    """
    found = screen(source)
    known = VARIABLES | frozenset(extra_variables) | found.bound_variables
    problems = list(found.problems)
    for name, at in found.variables.items():
        if name not in known:
            names = ", ".join(f"${one}" for one in sorted(known))
            problems.append(f"unknown variable `${name}` at column {at + 1}; known are {names}")
    if problems:
        return problems
    try:
        _compiled(source, found)
    except ExpressionError as error:
        return [str(error)]
    return []


@lru_cache(maxsize=4096)
def prepared(source: str) -> Program:
    """The program of ``source``; raises :class:`ExpressionError` with every problem found."""
    found = screen(source)
    if found.problems:
        raise ExpressionError("; ".join(found.problems))
    return _compiled(source, found)


def _compiled(source: str, found: Screened) -> Program:
    _refuse_reserved_names(found)
    try:
        reads = dict(jaq.analyze(source).vars)
        full = f"{prelude(frozenset(found.names))}{source}"
        variables = sorted(reads) + [f"__{name}" for name in ("now", "uuid") if name in found.names]
        return Program(source, full, reads, found, path_program(source), jaq.compile(full, vars=variables))
    except jaq.CompileError as error:
        raise ExpressionError(_in_plain_words(str(error), source)) from None


def _refuse_reserved_names(found: Screened) -> None:
    """A program may not define a name that the engine has and we do not offer: outside the definition's reach the
    name would mean the engine's own function."""
    for name in sorted(found.defined - ALLOWED_NAMES):
        for arguments in ("", "(1)", "(1;1)", "(1;1;1)"):
            try:
                jaq.compile(name + arguments)
            except jaq.CompileError:
                continue
            raise ExpressionError(f"`{name}` is reserved and cannot be defined; choose another name")


def _in_plain_words(report: str, source: str) -> str:
    """The engine's drawing of a syntax error as one sentence with a column."""
    reason = _REASON.search(report)
    words = reason.group("reason") if reason else "not valid jq"
    mark = _MARK.search(report)
    if mark is None:
        return f"syntax error: {words}"
    column = len(mark.group("mark")) - len(mark.group("mark").lstrip())
    if mark.group("line") == "1":
        column -= max(0, len(mark.group("text")) - len(source.split("\n", 1)[0]))
    near = source.splitlines()[int(mark.group("line")) - 1 :][:1]
    found = near[0][max(column, 0) : max(column, 0) + 20] if near else ""
    where = f"before `{found}`" if found.strip() else "at the end"
    return f"syntax error in line {mark.group('line')}, column {max(column, 0) + 1}: {words} {where}"
