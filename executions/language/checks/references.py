"""Names that have to exist: retries, errors, time-outs, authentications and secrets under
``use``.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

from executions.calls.http.checks import check_policy
from executions.language.checks.document import Outline, mapping, text
from executions.language.checks.place import Place
from executions.language.checks.report import Report
from executions.language.model.task import rows_of
from executions.language.reading.problems import shown

_TIMEOUT = ("timeouts", ("timeout",))


def check_references(outline: Outline, report: Report) -> None:
    """Report what is named and not declared, and functions that call themselves."""
    Place((), outline, report).named(("timeout",), text(outline.document, "timeout"), "timeouts")
    for name, policy in mapping(outline.document, "use", "authentications").items():
        if isinstance(policy, dict):
            check_policy(Place(("use", "authentications", name), outline, report), (), policy)
    for task in outline.tasks():
        place, rows = Place(task.path, outline, report), rows_of(task.body)
        for section, keys in (_TIMEOUT, *(each for kind in rows for each in kind.names)):
            place.named(keys, text(task.body, *keys), section)
        for kind in rows:
            kind.check(task, outline, report)
    _check_recursion(outline, report)


def _check_recursion(outline: Outline, report: Report) -> None:
    calls: dict[str, set[str]] = {function.name: set() for function in outline.functions}
    for task in outline.tasks():
        called = text(task.body, "call")
        if task.path[:2] == ("use", "functions") and called in calls:
            calls[str(task.path[2])].add(called)
    try:
        TopologicalSorter(calls).prepare()
    except CycleError as error:
        circle = error.args[1]
        shape = " → ".join(shown(name) for name in circle[:10])
        report.add(("use", "functions", circle[0]), f"functions may not call themselves: {shape}")
