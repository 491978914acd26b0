"""The JSON Schemas that a workflow gives for its data have to be usable, complete without a
network.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from executions import schemas, sealed
from executions.language.checks.document import Outline, at
from executions.language.checks.report import Report
from executions.language.reading.problems import Path

_PLACES = ("input", "output", "export")
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
ONE_SECONDS = 2.0
ALL_SECONDS = 20.0


class SchemaChecks:
    """Builds the schemas of one definition of ``owner``, for so long: that is work which whoever
    wrote them makes expensive.
    """

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._seconds_left = ALL_SECONDS

    def __call__(self, schema: Any) -> tuple[Path, str] | None:
        """The place of a schema's first fault and what is wrong there; None if it has none."""
        if self._seconds_left <= 0:
            return (), f"not checked: the schemas before it took more than {ALL_SECONDS:g} s"
        began = time.monotonic() - sealed.waited_seconds()
        try:
            fault = schemas.fault(schema, owner=self._owner, seconds=ONE_SECONDS)
        except schemas.SchemaError as problem:
            return (), f"the schema could not be checked: {problem}"
        finally:
            self._seconds_left -= time.monotonic() - sealed.waited_seconds() - began
        return None if fault is None else (fault.path, str(fault))


def check_schemas(outline: Outline, check: SchemaChecks, report: Report) -> None:
    """Report documents that are no JSON Schema, references that lead nowhere or out of one, and
    patterns that cannot be matched in linear time.
    """
    for path, schema in _schemas(outline):
        if report.is_full:
            return
        fault = check(schema)
        if fault is not None:
            inside, message = fault
            is_reference = bool(inside) and inside[-1] in _REFERENCES
            report.add(
                (*path, *inside),
                message,
                "a reference such as #/$defs/order" if is_reference else "",
            )


def _schemas(outline: Outline) -> Iterator[tuple[Path, Any]]:
    bodies: list[tuple[Path, dict[str, Any]]] = [((), outline.document)]
    bodies += [(task.path, task.body) for task in outline.tasks()]
    for path, body in bodies:
        for place in _PLACES:
            schema = at(body, place, "schema", "document")
            if isinstance(schema, dict):
                yield (*path, place, "schema", "document"), schema
