"""``$context`` where branches join: a three-way merge, key by key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_ABSENT = object()


def merged(before: Any, after: Mapping[str, Any]) -> tuple[Any, dict[str, list[str]]]:
    """The context after a join, and where branches met: for each such key who set it.

    ``before`` is the context at the fork, ``after`` what each branch left, in the order of the
    branches. A key that a branch changed or took away counts, one that it left alone does not; of
    several branches the later one wins. If one of the contexts is no object, the last that exported
    counts.
    """
    changed = {name: context for name, context in after.items() if context is not before}
    if not changed:
        return before, {}
    if not isinstance(before, dict) or not all(isinstance(c, dict) for c in changed.values()):
        return list(changed.values())[-1], {}
    result, by_key = dict(before), dict[str, list[str]]()
    clashing: set[str] = set()
    for name, context in changed.items():
        for key in (*context, *(key for key in before if key not in context)):
            value = context.get(key, _ABSENT)
            if value is before.get(key, _ABSENT) or value == before.get(key, _ABSENT):
                continue
            if by_key.get(key) and value != result.get(key, _ABSENT):
                clashing.add(key)
            by_key.setdefault(key, []).append(name)
            if value is _ABSENT:
                result.pop(key, None)
            else:
                result[key] = value
    return result, {key: names for key, names in by_key.items() if key in clashing}
