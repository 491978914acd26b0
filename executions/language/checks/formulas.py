"""Every expression of a workflow: it has to compile, and its variables and secrets have to exist."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from executions.calls.table import CALLS
from executions.expressions import warnings
from executions.language.checks.document import Outline, TaskPlace, at, mapping
from executions.language.checks.formula import ERROR, Formula, always, policy, stored, template, transform
from executions.language.checks.place import Place
from executions.language.checks.report import Report
from executions.language.model.task import KINDS
from executions.secrets.mention import mentions_secrets, names_in

CheckExpression = Callable[[str, frozenset[str]], list[str]]
_STORED = "a secret cannot stand here: what the expression yields is stored, where others read it"


def check_formulas(found: Outline, check: CheckExpression, report: Report) -> None:
    """Report expressions that ``check`` finds fault with, and secrets that are not declared."""
    allowed = f"a secret in the `with` of a call over {' or '.join(CALLS)}, or in a condition"
    for formula in _formulas(found, report):
        if report.is_full:
            return
        names = names_in(formula.source)
        for name in names:
            Place(formula.path, found, report).secret((), name)
        if formula.stored and found.secrets.issuperset(names) and mentions_secrets(formula.source):
            report.add(formula.path, _STORED, allowed)
            continue
        for problem in check(formula.source, formula.variables):
            report.add(formula.path, f"the expression is not valid: {problem}")
        for surprise in warnings(formula.source):
            report.warn(formula.path, surprise)


def _formulas(found: Outline, report: Report) -> Iterator[Formula]:
    everything = ERROR.union(*(task.variables for task in found.tasks()))
    for keys in (("input", "from"), ("output", "as")):
        yield from stored(transform(keys, at(found.document, *keys), frozenset(), report))
    yield from stored(template(("timeout",), at(found.document, "timeout"), frozenset(), report))
    for section in ("authentications", "errors", "timeouts"):
        formulas = template(("use", section), at(found.document, "use", section), everything, report)
        yield from formulas if section == "authentications" else stored(formulas)
    for name, value in mapping(found.document, "use", "retries").items():
        yield from policy(("use", "retries", name), value, everything, report)
    for task in found.tasks():
        yield from _of_task(task, report)


def _of_task(task: TaskPlace, report: Report) -> Iterator[Formula]:
    path, body, known = task.path, task.body, task.variables
    yield from always((*path, "if"), body.get("if"), known)
    for keys in (("input", "from"), ("output", "as"), ("export", "as")):
        yield from stored(transform((*path, *keys), at(body, *keys), known, report))
    for kind in KINDS.values():
        for key in kind.stored:
            yield from stored(template((*path, key), body.get(key), known, report))
        yield from kind.formulas(task, report)
    yield from stored(template((*path, "timeout"), body.get("timeout"), known, report))
    yield from policy((*path, "metadata", "retry"), at(body, "metadata", "retry"), known | ERROR, report)
    duration = (*path, "metadata", "attemptTimeout")
    yield from stored(template(duration, at(body, "metadata", "attemptTimeout"), known, report))
