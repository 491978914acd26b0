"""A document that may be full of mistakes: plain access to its JSON, and the places of its tasks.

The checks read plain JSON and not the models, so that everything that is wrong is reported at once,
whether or not the models could be made.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from executions.calls.kind import KnownPeople
from executions.language.reading.problems import Path

Keys = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TaskPlace:
    """A task, where it stands, and the names of the variables that its expressions can read beside
    the DSL's.
    """

    path: Path
    name: str
    body: dict[str, Any]
    variables: frozenset[str]


@dataclass(frozen=True, slots=True)
class TaskList:
    """Tasks that can reach each other with ``then``, unless they are branches beside each other."""

    path: Path
    tasks: tuple[TaskPlace, ...]
    are_branches: bool = False


@dataclass(frozen=True, slots=True)
class Outline:
    """Every list of tasks and every function of a document, and the secrets that it declares.

    ``known_functions`` are the names of the registered Python functions, ``known_people`` says who
    has an account; None where that is not known here.
    """

    document: dict[str, Any]
    lists: tuple[TaskList, ...]
    functions: tuple[TaskPlace, ...]
    secrets: frozenset[str]
    known_functions: Collection[str] | None = None
    known_people: KnownPeople | None = None

    def tasks(self) -> Iterator[TaskPlace]:
        """Every task of the workflow, the functions included."""
        yield from self.functions
        for tasks in self.lists:
            yield from tasks.tasks


def at(value: Any, *keys: str) -> Any:
    """The value at these keys, or None."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def mapping(value: Any, *keys: str) -> dict[str, Any]:
    """The object at these keys; an empty one where there is none."""
    part = at(value, *keys)
    return part if isinstance(part, dict) else {}


def text(value: Any, *keys: str) -> str | None:
    """The text at these keys, or None."""
    part = at(value, *keys)
    return part if isinstance(part, str) else None


def entries(path: Path, items: Any) -> Iterator[tuple[Path, str, dict[str, Any]]]:
    """Path, name and body of the well-formed entries of a list of named things."""
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, dict) and len(item) == 1:
            ((name, body),) = item.items()
            yield (*path, index, name), name, body if isinstance(body, dict) else {}
