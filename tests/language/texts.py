"""Small workflows to parse in tests."""

from __future__ import annotations

import textwrap

import pytest

from executions.language import Definition, DefinitionError, Problem, parse

HEAD = "document: {dsl: '1.0.3', namespace: shop, name: order, version: '0.1.0'}\n"


def workflow(tasks: str, top: str = "") -> str:
    """A whole workflow from the text of its ``do`` and of other top-level keys."""
    return (
        HEAD
        + textwrap.dedent(top).strip()
        + "\ndo:\n"
        + textwrap.indent(textwrap.dedent(tasks).strip(), "  ")
        + "\n"
    )


def parsed(tasks: str, top: str = "") -> Definition:
    return parse(workflow(tasks, top))


def problems(text: str, **options: object) -> tuple[Problem, ...]:
    """What parsing the text complains about."""
    with pytest.raises(DefinitionError) as refused:
        parse(text, **options)  # type: ignore[arg-type]
    return refused.value.problems


def only_problem(tasks: str, top: str = "", **options: object) -> Problem:
    """The one problem that a workflow is expected to have."""
    found = problems(workflow(tasks, top), **options)
    assert len(found) == 1, "\n".join(map(str, found))
    return found[0]
