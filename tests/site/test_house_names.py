"""How the house names values: a local name or a parameter says what the value is."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("dashboard", "executions", "scripts", "stigmer_site")
# They say how a value came, not what it is: CONTRIBUTING.md, Plain English.
BARE = frozenset({"found", "told", "given", "known"})
# Rooms may have so many yet. Let the numbers go down; a room that is not here stays without.
LEFT: dict[str, int] = {}

Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def test_no_more_names_say_only_how_a_value_came() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path in _files():
        room = "/".join(path.relative_to(ROOT).parts[:2])
        for name, line in _bare(path.read_text()):
            places[room].append(f"{path.relative_to(ROOT)}:{line} {name}")
    grown = {room: each for room, each in places.items() if len(each) > LEFT.get(room, 0)}
    assert grown == {}, "say what the value is: CONTRIBUTING.md, Plain English"


@pytest.mark.parametrize(
    "source",
    [
        "def look(found): ...",
        "def look(*, known=()): ...",
        "def look(**told): ...",
        "def look():\n    given = 1",
        "async def look():\n    async with a as given: ...",
        "def look():\n    return [found for found in rows]",
        "def look():\n    while found := read(): ...",
        "look = lambda given: given",
        "def look():\n    try: ...\n    except OSError as told: ...",
        "def look():\n    match value:\n        case {'a': found}: ...",
    ],
)
def test_each_way_to_bind_a_name_is_seen(source: str) -> None:
    assert len(list(_bare(source))) == 1


def test_other_names_attributes_keys_and_reads_are_left_alone() -> None:
    source = "def look(row, known_keys):\n    row.known = read(row['found'], given=row.told)"
    assert list(_bare(source)) == []


def _files() -> Iterator[Path]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def _bare(source: str) -> Iterator[tuple[str, int]]:
    """Each bare name once for each function that binds it, with the line of the function."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, Scope):
            for name in sorted(BARE & set(_bound(node))):
                yield name, node.lineno


def _bound(scope: Scope) -> Iterator[str]:
    """The names that this function binds itself; functions inside it bind their own."""
    named = scope.args
    every = [*named.posonlyargs, *named.args, *named.kwonlyargs, named.vararg, named.kwarg]
    yield from (each.arg for each in every if each is not None)
    body: list[ast.AST] = [scope.body] if isinstance(scope, ast.Lambda) else [*scope.body]
    while body:
        node = body.pop()
        if isinstance(node, Scope | ast.ClassDef):
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            yield node.name
        elif isinstance(node, ast.MatchMapping) and node.rest:
            yield node.rest
        body.extend(ast.iter_child_nodes(node))
