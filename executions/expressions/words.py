"""The faults of an expression, in plain words and with columns of the author's own text."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable
from functools import lru_cache

from executions import sealed
from executions.errors import StigmerError

_SHOWN_SOURCE = 80
_SHOWN_REASON = 300
_MOST_PROBLEMS = 20
_PROBLEM = re.compile(
    r"(?P<reason>.*?)(?: at <top-level>, line (?P<line>[0-9]+), column (?P<column>[0-9]+):)?"
)
_NOT_DEFINED = re.compile(r"(?P<name>[^/]+)(?:/(?P<count>[0-9]+))? is not defined")
_UNEXPECTED = re.compile(r"syntax error, unexpected (?P<what>.*?)(?:, expecting (?P<wanted>.*))?")
_LABEL = "$*label-"


def failure(source: str, error: Exception) -> str:
    """One sentence about an expression that gave no value."""
    return f"`{_shown(source)}` {_why(error)}"


def compile_problems(report: str, source: str, variables: Iterable[str]) -> list[str]:
    """jq's report about a program that does not compile, one sentence for each problem.

    The first line is how many bytes stand before the author's text, each other one an error.
    """
    offset, *lines = report.split("\n")
    problems = []
    for line in lines[:_MOST_PROBLEMS]:
        match = _PROBLEM.fullmatch(line)
        if match is None:
            continue
        where = _Place(source, match["line"], match["column"], int(offset) if offset else 0)
        problems.append(_in_words(match["reason"], where, variables))
    return list(dict.fromkeys(problems)) or ["it is not valid jq"]


class _Place:
    """A place in the author's text, from a line and a column in bytes of what jq was given."""

    def __init__(self, source: str, line: str | None, column: str | None, offset: int) -> None:
        self.is_known = line is not None
        self.rest, self.at = "", ""
        if line is None or column is None:
            return
        lines = source.split("\n")
        row = int(line) - 1
        text = lines[row].encode() if row < len(lines) else b""
        start = max(0, int(column) - 1 - (offset if row == 0 else 0))
        number = len(text[:start].decode("utf-8", "replace")) + 1
        self.rest = text[start:].decode("utf-8", "replace")
        many = f"line {row + 1}, " if len(lines) > 1 else ""
        self.at = f" at {many}column {number}"


def _in_words(reason: str, where: _Place, variables: Iterable[str]) -> str:
    undefined = _NOT_DEFINED.fullmatch(reason)
    if undefined is not None:
        return _undefined(undefined["name"], undefined["count"], where, variables)
    unexpected = _UNEXPECTED.fullmatch(reason)
    if unexpected is None:
        return f"{reason}{where.at}"
    what = unexpected["what"]
    if what in ("import", "include"):
        return f"`{what}`{where.at}: modules are not available in a workflow"
    if what == "end of file":
        hint = _hint(unexpected["wanted"] or "")
        return f"syntax error: the expression ends too early{hint}"
    shown = where.rest[:20]
    return f"syntax error{where.at}: unexpected {f'`{shown}`' if shown.strip() else what}"


def _hint(wanted: str) -> str:
    """The closing part that is missing at the end, where jq is sure about it."""
    if "QQSTRING_END" in wanted:
        return ': a `"` is never closed'
    closers = [each for each in (")", "]", "}") if f"'{each}'" in wanted]
    return f": `{closers[0]}` is missing" if len(closers) == 1 else ""


def _undefined(name: str, count: str | None, where: _Place, variables: Iterable[str]) -> str:
    if name.startswith(_LABEL):
        label = name.removeprefix(_LABEL)
        return f"`break ${label}`{where.at} has no `label ${label}` around it"
    if name.startswith("$"):
        names = ", ".join(f"${one}" for one in sorted(variables))
        return f"unknown variable `{name}`{where.at}; known are {names}"
    arities = _builtins()
    if name in arities:
        takes = " or ".join(map(str, sorted(arities[name])))
        noun = "argument" if takes == "1" else "arguments"
        return f"`{name}`{where.at} takes {takes} {noun}, not {count}"
    near = difflib.get_close_matches(name, sorted(arities), n=1)
    hint = f"; did you mean `{near[0]}`?" if near else ""
    return f"unknown function `{name}`{where.at}{hint}"


@lru_cache(maxsize=1)
def _all_builtins() -> dict[str, set[int]]:
    names = json.loads(sealed.call("jq.builtins", b"", owner="", seconds=5.0, text="jq.builtins"))
    arities: dict[str, set[int]] = {"now": {0}, "uuid": {0}}
    for signature in names:
        name, _, count = signature.partition("/")
        arities.setdefault(name, set()).add(int(count))
    return arities


def _builtins() -> dict[str, set[int]]:
    """jq's functions with how many arguments each may have; none where no child tells."""
    try:
        return _all_builtins()
    except sealed.SealedError:
        return {}


def _why(error: Exception) -> str:
    match error:
        case sealed.SealedRefused(kind="several"):
            return "gave more than one result; exactly one is needed: collect them with `[ … ]`"
        case sealed.SealedRefused(kind="nothing"):
            return "gave no result; exactly one is needed: add `// null` or use `[ … ]`"
        case sealed.SealedRefused():
            return f"failed: {error.reason[:_SHOWN_REASON]}"
        case sealed.SealedDied() | sealed.SealedOutOfMemory():
            return "failed: it needed too much memory, or recursed without end, and was stopped"
        case sealed.SealedTooLarge():
            return "failed: its result is too large"
        case StigmerError():
            return f"failed: {str(error)[:_SHOWN_REASON]}"
    return "failed"


def _shown(source: str) -> str:
    return source if len(source) <= _SHOWN_SOURCE else f"{source[:_SHOWN_SOURCE]}…"
