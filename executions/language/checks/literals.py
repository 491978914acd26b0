"""Texts that look as if something in them were replaced, where nothing is: a warning, no problem."""

from __future__ import annotations

import re
from typing import Any

from executions.expressions import is_expression, source_of
from executions.language.checks.outline import Outline, TaskPlace, at, mapping
from executions.language.checks.report import Report

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_BRACES = re.compile(r"\{[A-Za-z_][A-Za-z0-9_.]*\}")


def check_literals(found: Outline, report: Report) -> None:
    """Warn of expressions in an error filter, and of braces in an address that an expression makes."""
    for task in found.tasks():
        _error_filter(task, report)
        _address(task, report)


def _error_filter(task: TaskPlace, report: Report) -> None:
    path = (*task.path, "catch", "errors", "with")
    for name, value in mapping(task.body, "catch", "errors", "with").items():
        if isinstance(value, str) and "${" in value:
            message = "a filter of errors is compared as it is written; the expression is not evaluated"
            report.warn((*path, name), message, "", "ask with an expression in `catch.when`")


def _address(task: TaskPlace, report: Report) -> None:
    if task.body.get("call") != "http":
        return
    path: tuple[str | int, ...] = (*task.path, "with", "endpoint")
    endpoint: Any = at(task.body, "with", "endpoint")
    if isinstance(endpoint, dict):
        path, endpoint = (*path, "uri"), endpoint.get("uri")
    if not isinstance(endpoint, str) or not is_expression(endpoint):
        return
    for text in _STRING.findall(source_of(endpoint)):
        if braces := _BRACES.search(text):
            message = f"`{braces[0]}` stays as it is: an address that an expression makes is no template"
            name = braces[0][1:-1]
            report.warn(path, message, "", rf"put the value into the text: \(.{name})")
            return
