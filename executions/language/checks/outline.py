"""The tasks of a document that may be full of mistakes: what the checks walk over.

The checks read plain JSON and not the models, so that everything that is wrong is reported at once, whether
or not the models could be made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from executions.language.reading.problems import Path


@dataclass(frozen=True, slots=True)
class TaskPlace:
    """A task, where it stands, and the names of the variables that its expressions can read beside the DSL's."""

    path: Path
    name: str
    body: dict[str, Any]
    variables: frozenset[str]


@dataclass(frozen=True, slots=True)
class TaskList:
    """Tasks that can reach each other with ``then``."""

    path: Path
    tasks: tuple[TaskPlace, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """Every list of tasks and every function of a document, and the secrets that it declares."""

    document: dict[str, Any]
    lists: tuple[TaskList, ...]
    functions: tuple[TaskPlace, ...]
    secrets: frozenset[str]

    def tasks(self) -> Iterator[TaskPlace]:
        """Every task of the workflow, the functions included."""
        yield from self.functions
        for tasks in self.lists:
            yield from tasks.tasks


def outline(document: dict[str, Any]) -> Outline:
    """The tasks of a document."""
    functions = tuple(
        TaskPlace(("use", "functions", name), name, body, frozenset())
        for name, body in mapping(document, "use", "functions").items()
        if isinstance(body, dict)
    )
    lists = [found for function in functions for found in _inside(function)]
    lists += _lists(("do",), document.get("do"), frozenset())
    secrets = at(document, "use", "secrets")
    declared = (
        frozenset(name for name in secrets if isinstance(name, str)) if isinstance(secrets, list) else frozenset()
    )
    return Outline(document, tuple(lists), functions, declared)


def at(value: Any, *keys: str) -> Any:
    """What stands at these keys, or None."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def mapping(value: Any, *keys: str) -> dict[str, Any]:
    """The object at these keys; an empty one where there is none."""
    found = at(value, *keys)
    return found if isinstance(found, dict) else {}


def text(value: Any, *keys: str) -> str | None:
    """The text at these keys, or None."""
    found = at(value, *keys)
    return found if isinstance(found, str) else None


def entries(path: Path, items: Any) -> Iterator[tuple[Path, str, dict[str, Any]]]:
    """Path, name and body of the well-formed entries of a list of named things."""
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, dict) and len(item) == 1:
            ((name, body),) = item.items()
            yield (*path, index, name), name, body if isinstance(body, dict) else {}


def loop_variables(task: dict[str, Any]) -> frozenset[str]:
    """The variables that a ``for`` gives to its body."""
    if "for" not in task:
        return frozenset()
    return frozenset({text(task, "for", "each") or "item", text(task, "for", "at") or "index"})


def error_variable(task: dict[str, Any]) -> str:
    """The variable that holds what a ``catch`` took."""
    return text(task, "catch", "as") or "error"


def _lists(path: Path, items: Any, variables: frozenset[str]) -> list[TaskList]:
    if not isinstance(items, list):
        return []
    places = tuple(TaskPlace(where, name, body, variables) for where, name, body in entries(path, items))
    found = [TaskList(path, places)]
    for place in places:
        found += _inside(place)
    return found


def _inside(task: TaskPlace) -> list[TaskList]:
    body, variables = task.body, task.variables
    found = _lists((*task.path, "do"), body.get("do"), variables | loop_variables(body))
    found += _lists((*task.path, "try"), body.get("try"), variables)
    found += _lists((*task.path, "catch", "do"), at(body, "catch", "do"), variables | {error_variable(body)})
    return found
