"""Every verb's row, in the order in which doors show them."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from executions.verbs.row import Verb


def _rows() -> dict[str, Verb]:
    rows = [import_module(f"{__name__}.{module.name}").ROW for module in iter_modules(__path__)]
    return {row.name: row for row in sorted(rows, key=lambda row: row.order)}


VERBS: dict[str, Verb] = _rows()


def with_commands() -> list[Verb]:
    """The verbs that are commands of their own; one that takes another back is that one's
    ``--undo``.
    """
    undoing = {verb.undo for verb in VERBS.values()}
    return [verb for verb in VERBS.values() if verb.name not in undoing]
