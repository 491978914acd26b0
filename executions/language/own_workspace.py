"""The workspace that one run names in place of its definition's: read like that of a definition."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic import Field, TypeAdapter, ValidationError

from executions.calls.parameters import Model, Readers
from executions.expressions import is_expression
from executions.language.model.workspace import Workspace, WorkspaceSettings
from executions.language.reading.explain import explain
from executions.language.reading.problems import DefinitionError
from executions.language.reading.yaml import read

_MOST_CHARACTERS = 4_000
_SAVED: TypeAdapter[WorkspaceSettings | str] = TypeAdapter(Workspace)


class _Start(Model):
    """The part of a start that names it."""

    workspace: Workspace = Field(description="`temporary`, `none`, or an object")


def problems(workspace: Any) -> list[tuple[str, str]]:
    """Its problem: a JSON pointer that begins with ``/workspace``, and a sentence."""
    text = json.dumps({"workspace": workspace})
    if len(text) > _MOST_CHARACTERS:
        return [("/workspace", f"It is longer than {_MOST_CHARACTERS:,} characters.")]
    try:
        source = read(text)
    except DefinitionError as unreadable:
        return [("/workspace", f"{each.message}.") for each in unreadable.problems]
    readers = Readers()
    try:
        _Start.model_validate({"workspace": workspace}, context=readers)
    except ValidationError as error:
        findings = list(dict.fromkeys(explain(error, source, readers)))
        return [
            (each.pointer, each.message + (f"; expected {each.expected}" if each.expected else ""))
            for each in findings
        ]
    return [
        (pointer, "A run says where it works without an expression.")
        for pointer, value in _texts(workspace, "/workspace")
        if is_expression(value)
    ]


def load(workspace: Any) -> WorkspaceSettings | str:
    """One that was found good."""
    return _SAVED.validate_python(workspace)


def _texts(value: Any, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, f"{pointer}/{key}")
