"""The parts of a valid document that generators of clients stumble over: said more plainly."""

from __future__ import annotations

import json
from typing import Any

SCHEMAS = "#/components/schemas/"


def plain(document: dict[str, Any]) -> None:
    """Change the document in place.

    A body that may be left out says so by ``required: false``, not by a default of a whole object.
    A query parameter is never null, it is left out. An enumeration that has a name is referred to
    by it. A model to which nothing refers is no component: ninja lists those that query parameters
    were taken from.
    """
    for path in document["paths"].values():
        for operation in path.values():
            _plain_body(operation.get("requestBody", {}))
            for parameter in operation.get("parameters", ()):
                parameter["schema"] = _never_null(parameter["schema"])
    schemas = document["components"]["schemas"]
    names_by_enum = {
        json.dumps(each["enum"]): {"$ref": SCHEMAS + name}
        for name, each in schemas.items()
        if "enum" in each
    }
    document["paths"] = _with_names(document["paths"], names_by_enum)
    for schema in schemas.values():
        if "properties" in schema:
            schema["properties"] = _with_names(schema["properties"], names_by_enum)
    _drop_unused(document)


def _plain_body(body: dict[str, Any]) -> None:
    for content in body.get("content", {}).values():
        if content["schema"].pop("default", None) is not None:
            body["required"] = False
            if "$ref" in content["schema"]:
                content["schema"] = {"$ref": content["schema"]["$ref"]}


def _never_null(schema: dict[str, Any]) -> dict[str, Any]:
    choices = schema.get("anyOf", [])
    others: list[dict[str, Any]] = [each for each in choices if each != {"type": "null"}]
    if len(others) != 1 or len(others) == len(choices):
        return schema
    return {name: value for name, value in schema.items() if name != "anyOf"} | others[0]


def _with_names(value: Any, names_by_enum: dict[str, dict[str, str]]) -> Any:
    if isinstance(value, list):
        return [_with_names(each, names_by_enum) for each in value]
    if not isinstance(value, dict):
        return value
    names = (
        names_by_enum.get(json.dumps(value["enum"]))
        if isinstance(value.get("enum"), list)
        else None
    )
    return names or {key: _with_names(each, names_by_enum) for key, each in value.items()}


def _drop_unused(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    used: set[str] = set()
    waiting = [document["paths"], document["components"].get("responses")]
    while waiting:
        text = json.dumps(waiting.pop())
        for name in schemas.keys() - used:
            if f'"{SCHEMAS}{name}"' in text:
                used.add(name)
                waiting.append(schemas[name])
    document["components"]["schemas"] = {
        name: schema for name, schema in schemas.items() if name in used
    }
