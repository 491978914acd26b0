"""The tasks of a document: what the checks walk over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from executions.calls.kind import KnownPeople
from executions.language.checks.document import (
    Keys,
    Outline,
    TaskList,
    TaskPlace,
    at,
    entries,
    mapping,
)
from executions.language.model.task import rows_of
from executions.language.reading.problems import Path


def outline(
    document: dict[str, Any],
    known_functions: Collection[str] | None = None,
    known_people: KnownPeople | None = None,
) -> Outline:
    """The tasks of a document."""
    functions = tuple(
        TaskPlace(("use", "functions", name), name, body, frozenset())
        for name, body in mapping(document, "use", "functions").items()
        if isinstance(body, dict)
    )
    lists = [task_list for function in functions for task_list in _inside(function)]
    lists += _lists(("do",), document.get("do"), frozenset())
    secrets = at(document, "use", "secrets")
    declared = (
        frozenset(name for name in secrets if isinstance(name, str))
        if isinstance(secrets, list)
        else frozenset()
    )
    return Outline(document, tuple(lists), functions, declared, known_functions, known_people)


def _lists(
    path: Path, items: Any, variables: frozenset[str], *, are_branches: bool = False
) -> list[TaskList]:
    if not isinstance(items, list):
        return []
    places = tuple(
        TaskPlace(where, name, body, variables) for where, name, body in entries(path, items)
    )
    task_lists = [TaskList(path, places, are_branches)]
    for place in places:
        task_lists += _inside(place)
    return task_lists


def _inside(task: TaskPlace) -> list[TaskList]:
    # Several kinds may name one list: the `do` of a `for` is that of a `do` too.
    variables_by_keys: dict[Keys, frozenset[str]] = defaultdict(frozenset)
    branches: set[Keys] = set()
    for kind in rows_of(task.body):
        for keys in kind.lists:
            variables_by_keys[keys] |= kind.variables(task.body, keys)
            if kind.forks:
                branches.add(keys)
    task_lists: list[TaskList] = []
    for keys, variables in variables_by_keys.items():
        task_lists += _lists(
            (*task.path, *keys),
            at(task.body, *keys),
            task.variables | variables,
            are_branches=keys in branches,
        )
    return task_lists
