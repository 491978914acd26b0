"""Every expression of a workflow: it has to compile, and its variables and secrets have to
exist.
"""

from __future__ import annotations

from collections.abc import Callable

from executions.calls.table import CALLS
from executions.expressions import warnings
from executions.language.checks.document import Outline, TaskPlace, mapping
from executions.language.checks.formula import ERROR, Formulae, Formulas, stored
from executions.language.checks.place import Place
from executions.language.checks.report import Report
from executions.language.model.task import rows_of
from executions.secrets.mention import mentions_secrets, names_in

CheckExpression = Callable[[str, frozenset[str]], list[str]]
_STORED = "a secret cannot stand here: what the expression yields is stored, where others read it"


def check_formulas(outline: Outline, check: CheckExpression, report: Report) -> None:
    """Report expressions that ``check`` finds fault with, and secrets that are not declared."""
    kinds = " or ".join(name for name, row in CALLS.items() if row.takes_secrets)
    allowed = (
        f"a secret in the `with` of a call over {kinds}, in the `environment` of a command, or in a"
        " condition"
    )
    for formula in _formulas(outline, report):
        if report.is_full:
            return
        names = names_in(formula.source)
        for name in names:
            Place(formula.path, outline, report).secret((), name)
        if (
            formula.stored
            and outline.secrets.issuperset(names)
            and mentions_secrets(formula.source)
        ):
            report.add(formula.path, _STORED, allowed)
            continue
        for problem in check(formula.source, formula.variables):
            report.add(formula.path, f"the expression is not valid: {problem}")
        for surprise in warnings(formula.source):
            report.warn(formula.path, surprise)


def _formulas(outline: Outline, report: Report) -> Formulas:
    everything = ERROR.union(*(task.variables for task in outline.tasks()))
    top = Formulae(TaskPlace((), "", outline.document, frozenset()), report)
    for keys in (("input", "from"), ("output", "as")):
        yield from stored(top.transform(*keys))
    yield from stored(top.template("timeout"))
    yield from stored(top.template("workspace"))
    yield from top.template("use", "authentications", more=everything)
    for section in ("errors", "timeouts"):
        yield from stored(top.template("use", section, more=everything))
    for name in mapping(outline.document, "use", "retries"):
        yield from top.policy("use", "retries", name, more=everything)
    for task in outline.tasks():
        yield from _of_task(task, Formulae(task, report))


def _of_task(task: TaskPlace, formulae: Formulae) -> Formulas:
    yield from formulae.always("if")
    for keys in (("input", "from"), ("output", "as"), ("export", "as")):
        yield from stored(formulae.transform(*keys))
    for kind in rows_of(task.body):
        for key in kind.stored:
            yield from stored(formulae.template(key))
        yield from kind.formulas(task, formulae)
    yield from stored(formulae.template("timeout"))
    yield from formulae.policy("metadata", "retry", more=ERROR)
    yield from stored(formulae.template("metadata", "attemptTimeout"))
