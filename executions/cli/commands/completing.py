"""The words that a shell is offered while somebody types: kinds, names and ids, as the server knows
them.

Nothing here may fail or take long: a shell waits for it at each press of the key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

import typer

from executions.cli.kinds import KINDS, Kind, named, of_verbs

MOST = 60


def kinds(incomplete: str) -> Iterator[str]:
    """Kinds that can be listed."""
    yield from (kind.plural for kind in KINDS if kind.plural.startswith(incomplete))


def kinds_and_ids(incomplete: str) -> Iterator[str]:
    """Kinds of which one can be read; of what begins like an id, the ids."""
    for kind in KINDS:
        if kind.item_path is None:
            continue
        if kind.name.startswith(incomplete):
            yield kind.name
        if kind.prefix and incomplete.startswith(f"{kind.prefix}-"):
            yield from _offered(kind, incomplete)


def names(context: typer.Context, incomplete: str) -> Iterator[str]:
    """Names of the kind that was typed before."""
    with suppress(Exception):
        yield from _offered(named(str(context.params.get("kind") or "")), incomplete)


def of(kind: str) -> Callable[[str], Iterator[str]]:
    """Names, or ids, of this kind alone."""
    return lambda incomplete: _offered(named(kind), incomplete)


def runs(incomplete: str) -> Iterator[str]:
    """Ids of runs, the newest first."""
    for kind in of_verbs():
        if incomplete.startswith("aex") != (kind.prefix == "aex") and len(incomplete) >= 3:
            continue
        yield from _offered(kind, incomplete)


def _offered(kind: Kind, incomplete: str) -> Iterator[str]:
    """The items that begin like this; none where the server is away, or nobody is signed in."""
    from executions.cli.remote.address import resolve
    from executions.cli.remote.client import Client

    with suppress(Exception), Client(resolve(None, None)) as client:
        for item in client.items(kind.path, MOST):
            name = name_of(item)
            if name.startswith(incomplete):
                yield name


def name_of(item: dict[str, object]) -> str:
    """The word for this item that another command takes: the name of a definition, the id of the
    rest.
    """
    head = item.get("metadata")
    if isinstance(head, dict):
        is_run = str(head.get("id", "")).startswith(("wex-", "aex-", "ses-"))
        return str(head["id"] if is_run else head["slug"])
    for field in ("id", "execution_id", "cause", "slug", "number", "seq", "name"):
        if item.get(field) is not None:
            return str(item[field])
    return "-"
