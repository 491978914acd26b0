"""The JSON Schemas that a workflow gives for its data have to be schemas themselves, complete without a network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator, SchemaError
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from executions.definition.checks.outline import Outline, at
from executions.definition.checks.report import Report
from executions.definition.problems import Path, shown
from executions.values import canonical

_PLACES = ("input", "output", "export")


def check_schemas(found: Outline, report: Report) -> None:
    """Report documents that are no JSON Schema and references that lead out of one."""
    for path, schema in _schemas(found):
        if report.is_full:
            return
        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError as error:
            inside = tuple(error.absolute_path)
            report.add((*path, *inside), f"this is no valid JSON Schema: {error.message[:200]}")
            continue
        for where, reference in _references(path, schema):
            if not reference.startswith("#"):
                report.add(where, "a schema cannot refer to another document", "a reference such as #/$defs/order")
            elif not _leads_somewhere(schema, reference):
                report.add(where, f"the schema has nothing at {shown(reference)}", "a reference such as #/$defs/order")


def _schemas(found: Outline) -> Iterator[tuple[Path, Any]]:
    bodies: list[tuple[Path, dict[str, Any]]] = [((), found.document)]
    bodies += [(task.path, task.body) for task in found.tasks()]
    for path, body in bodies:
        for place in _PLACES:
            schema = at(body, place, "schema", "document")
            if isinstance(schema, dict):
                yield (*path, place, "schema", "document"), schema


def _leads_somewhere(schema: Any, reference: str) -> bool:
    """Judged from the root; a schema with identifiers of its own is left to the moment when it is used."""
    if "$id" in canonical(schema):
        return True
    resource = DRAFT202012.create_resource(schema)
    try:
        Registry().with_resource("", resource).resolver().lookup(reference)
    except Unresolvable:
        return False
    return True


def _references(path: Path, value: Any) -> Iterator[tuple[Path, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("$ref", "$dynamicRef") and isinstance(inner, str):
                yield (*path, key), inner
            else:
                yield from _references((*path, key), inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _references((*path, index), inner)
