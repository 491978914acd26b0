"""Bodies of HTTP calls: what cannot be sent under the content type beside it is refused before anything runs."""

from __future__ import annotations

from typing import Any

from executions.calls.media import body_problem, media_type
from executions.expressions import is_expression
from executions.language.checks.outline import Outline, at, mapping, text
from executions.language.checks.report import Report


def check_bodies(found: Outline, report: Report) -> None:
    """Report objects and lists that stand under a content type which holds none."""
    for task in found.tasks():
        body = at(task.body, "with", "body")
        if report.is_full or text(task.body, "call") != "http" or not isinstance(body, dict | list):
            continue
        media = media_type(_content_type(mapping(task.body, "with", "headers")))
        path = (*task.path, "with", "body")
        if problem := body_problem(body, media):
            report.add(path, problem, "a text, or an object under application/json")
        elif media.is_form() and isinstance(body, dict):
            for name, value in body.items():
                if any(isinstance(item, dict | list) for item in (value if isinstance(value, list) else [value])):
                    expected = "a text, number or boolean, or a list of them"
                    report.add((*path, name), "a form field cannot be an object", expected)


def _content_type(headers: dict[str, Any]) -> str:
    """The Content-Type that is written there; empty where an expression gives it, or nothing does."""
    for name, value in headers.items():
        if name.lower() == "content-type" and isinstance(value, str) and not is_expression(value):
            return value
    return ""
