"""Names that have to exist: functions, retries, errors, time-outs, authentications and secrets under ``use``."""

from __future__ import annotations

from collections.abc import Collection
from graphlib import CycleError, TopologicalSorter
from itertools import islice
from typing import Any

from executions.expressions import is_expression
from executions.language.checks.outline import Outline, TaskPlace, at, mapping, text
from executions.language.checks.report import Report
from executions.language.model.tasks import CALLS_NOT_YET
from executions.language.reading.problems import Path, did_you_mean, shown

BUILT_IN_CALLS = ("http", "python")
_NAMED_IN_TASKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("timeouts", ("timeout",)),
    ("retries", ("catch", "retry")),
    ("errors", ("raise", "error")),
)
_AUTHENTICATION = ("with", "endpoint", "authentication")


def check_references(found: Outline, known_functions: Collection[str] | None, report: Report) -> None:
    """Report what is named and not declared, calls that are not supported yet, and functions that call themselves.

    ``known_functions`` are the names of the registered Python functions; None where they are not known here.
    """
    _check_named(("timeout",), text(found.document, "timeout"), "timeouts", found, report)
    for name, policy in mapping(found.document, "use", "authentications").items():
        _check_secrets(("use", "authentications", name), policy, found, report)
    for task in found.tasks():
        _check_task(task, found, report)
        _check_call(task, found, known_functions, report)
    _check_recursion(found, report)


def report_secret(path: Path, name: str, found: Outline, report: Report) -> None:
    """Report a secret that is used and not declared."""
    if name not in found.secrets and not report.is_full:
        message = f"the secret {shown(name)} is used but not declared"
        report.add(path, message, "a name listed under `use.secrets`", did_you_mean(name, found.secrets))


def _check_task(task: TaskPlace, found: Outline, report: Report) -> None:
    for section, keys in _NAMED_IN_TASKS:
        _check_named((*task.path, *keys), text(task.body, *keys), section, found, report)
    if task.body.get("call") == "http":
        path = (*task.path, *_AUTHENTICATION)
        policy = at(task.body, *_AUTHENTICATION)
        _check_named((*path, "use"), text(policy, "use"), "authentications", found, report)
        _check_secrets(path, policy, found, report)


def _check_named(path: Path, name: str | None, section: str, found: Outline, report: Report) -> None:
    declared = mapping(found.document, "use", section)
    if name is not None and name not in declared and not report.is_full:
        message = f"there is no {shown(name)} under `use.{section}`"
        expected = "one of: " + ", ".join(islice(declared, 20)) if declared else "a name declared there"
        report.add(path, message, expected, did_you_mean(name, declared))


def _check_secrets(path: Path, policy: Any, found: Outline, report: Report) -> None:
    for scheme in ("basic", "bearer"):
        name = text(policy, scheme, "use")
        if name is not None:
            report_secret((*path, scheme, "use"), name, found, report)
    for scheme, key in (("basic", "password"), ("bearer", "token")):
        credential = text(policy, scheme, key)
        if credential is not None and not is_expression(credential):
            hint = "declare it under `use.secrets` and write ${ $secrets.NAME }"
            report.warn((*path, scheme, key), f"the {key} stands in the definition, where everybody reads it", "", hint)


def _check_call(task: TaskPlace, found: Outline, known_functions: Collection[str] | None, report: Report) -> None:
    name, path = text(task.body, "call"), (*task.path, "call")
    functions = mapping(found.document, "use", "functions")
    if name is None or report.is_full:
        return
    if name == "python":
        _check_python(task, known_functions, report)
    elif name in CALLS_NOT_YET:
        report.add(
            path, f"call: {name} is not supported yet", "one of " + ", ".join((*BUILT_IN_CALLS, *islice(functions, 20)))
        )
    elif "@" in name or "://" in name:
        report.add(path, f"calling the function {shown(name)} of a catalog is not supported yet")
    elif name not in BUILT_IN_CALLS and name not in functions:
        known = (*BUILT_IN_CALLS, *functions)
        expected = "http, python or a function declared under `use.functions`"
        report.add(path, f"there is no function {shown(name)}", expected, did_you_mean(name, known))


def _check_python(task: TaskPlace, known_functions: Collection[str] | None, report: Report) -> None:
    name = text(task.body, "with", "function")
    if name is None or known_functions is None or name in known_functions:
        return
    known = sorted(known_functions)
    expected = "one of: " + ", ".join(known[:20]) if known else "none is registered: list its module in the settings"
    message = f"no Python function is registered as {shown(name)}"
    report.add((*task.path, "with", "function"), message, expected, did_you_mean(name, known))


def _check_recursion(found: Outline, report: Report) -> None:
    calls: dict[str, set[str]] = {function.name: set() for function in found.functions}
    for task in found.tasks():
        called = text(task.body, "call")
        if task.path[:2] == ("use", "functions") and called in calls:
            calls[str(task.path[2])].add(called)
    try:
        TopologicalSorter(calls).prepare()
    except CycleError as error:
        circle = error.args[1]
        shape = " → ".join(shown(name) for name in circle[:10])
        report.add(("use", "functions", circle[0]), f"functions may not call themselves: {shape}")
