"""Every expression of a workflow: it has to compile, and its variables and secrets have to exist."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from executions.expressions import is_expression, source_of, warnings
from executions.language.checks.outline import (
    Outline,
    TaskPlace,
    at,
    entries,
    error_variable,
    loop_variables,
    mapping,
)
from executions.language.checks.references import BUILT_IN_CALLS, report_secret
from executions.language.checks.report import Report
from executions.language.model.tasks import CALLS_NOT_YET
from executions.language.reading.problems import Path
from executions.secrets.mention import mentions_secrets, names_in

CheckExpression = Callable[[str, frozenset[str]], list[str]]
_STORED = "a secret cannot stand here: what the expression yields is stored, where others read it"
_ERROR = frozenset({"error"})
# Where a task holds templates: any text inside that is one `${ … }` is evaluated.
_TEMPLATES = ("set", "with", "raise", "wait", "timeout")
_CONDITIONS = ("when", "exceptWhen")


class Formula(NamedTuple):
    """An expression without its ``${ }``, where it stands, and the variables of its place.

    ``stored``: what it yields is kept in the journal, in other words than "it was true"."""

    path: Path
    source: str
    variables: frozenset[str]
    stored: bool = False


def check_formulas(found: Outline, check: CheckExpression, report: Report) -> None:
    """Report expressions that ``check`` finds fault with, and secrets that are not declared."""
    for formula in _formulas(found, report):
        if report.is_full:
            return
        names = names_in(formula.source)
        for name in names:
            report_secret(formula.path, name, found, report)
        if formula.stored and found.secrets.issuperset(names) and mentions_secrets(formula.source):
            report.add(formula.path, _STORED, "a secret in the `with` of a call over http or python, or in a condition")
            continue
        for problem in check(formula.source, formula.variables):
            report.add(formula.path, f"the expression is not valid: {problem}")
        for surprise in warnings(formula.source):
            report.warn(formula.path, surprise)


def _formulas(found: Outline, report: Report) -> Iterator[Formula]:
    everything = frozenset[str]().union(_ERROR, *(task.variables for task in found.tasks()))
    for keys in (("input", "from"), ("output", "as")):
        yield from _stored(_transform(keys, at(found.document, *keys), frozenset(), report))
    yield from _stored(_template(("timeout",), at(found.document, "timeout"), frozenset(), report))
    for section in ("authentications", "errors", "timeouts"):
        formulas = _template(("use", section), at(found.document, "use", section), everything, report)
        yield from formulas if section == "authentications" else _stored(formulas)
    for name, policy in mapping(found.document, "use", "retries").items():
        yield from _policy(("use", "retries", name), policy, everything, report)
    for task in found.tasks():
        yield from _of_task(task, report)


def _of_task(task: TaskPlace, report: Report) -> Iterator[Formula]:
    path, body, known = task.path, task.body, task.variables
    yield from _always((*path, "if"), body.get("if"), known)
    for keys in (("input", "from"), ("output", "as"), ("export", "as")):
        yield from _stored(_transform((*path, *keys), at(body, *keys), known, report))
    for key in _TEMPLATES:
        if key == "with" and body.get("call") in CALLS_NOT_YET:
            continue  # what it may hold is not known here
        formulas = _template((*path, key), body.get(key), known, report)
        yield from formulas if key == "with" and body.get("call") in BUILT_IN_CALLS else _stored(formulas)
    yield from _stored(_always((*path, "for", "in"), at(body, "for", "in"), known))
    yield from _always((*path, "while"), body.get("while"), known | loop_variables(body))
    for case_path, _, case in entries((*path, "switch"), body.get("switch")):
        yield from _always((*case_path, "when"), case.get("when"), known)
    caught = known | {error_variable(body)}
    for key in _CONDITIONS:
        yield from _always((*path, "catch", key), at(body, "catch", key), caught)
    yield from _policy((*path, "catch", "retry"), at(body, "catch", "retry"), caught, report)
    yield from _policy((*path, "metadata", "retry"), at(body, "metadata", "retry"), known | _ERROR, report)
    duration = (*path, "metadata", "attemptTimeout")
    yield from _stored(_template(duration, at(body, "metadata", "attemptTimeout"), known, report))


def _stored(formulas: Iterator[Formula]) -> Iterator[Formula]:
    return (formula._replace(stored=True) for formula in formulas)


def _policy(path: Path, policy: Any, known: frozenset[str], report: Report) -> Iterator[Formula]:
    if not isinstance(policy, dict):
        return
    for key, value in policy.items():
        if key in _CONDITIONS:
            yield from _always((*path, key), value, known)
        else:
            yield from _stored(_template((*path, key), value, known, report))


def _transform(path: Path, value: Any, known: frozenset[str], report: Report) -> Iterator[Formula]:
    if isinstance(value, str):
        yield from _always(path, value, known)
    else:
        yield from _template(path, value, known, report)


def _always(path: Path, value: Any, known: frozenset[str]) -> Iterator[Formula]:
    if isinstance(value, str):
        yield Formula(path, source_of(value), known)


def _template(path: Path, value: Any, known: frozenset[str], report: Report) -> Iterator[Formula]:
    match value:
        case dict():
            for key, inner in value.items():
                yield from _template((*path, key), inner, known, report)
        case list():
            for index, inner in enumerate(value):
                yield from _template((*path, index), inner, known, report)
        case str() if is_expression(value):
            yield Formula(path, source_of(value), known)
        case str() if "${" in value:
            hint = r'write it as one expression: ${ "Hello \(.name)" }'
            report.warn(path, "the text holds `${` but is no expression as a whole: it stays as it is", "", hint)
