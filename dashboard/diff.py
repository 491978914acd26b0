"""The differences between two texts, line by line."""

from __future__ import annotations

import difflib

MOST_LINES = 400
_KINDS = {"+": "added", "-": "removed", "@": "place"}


def lines(before: str, after: str) -> list[tuple[str, str]]:
    """Kind (``added``, ``removed``, ``place`` or empty) and text of each line of a unified diff."""
    diff = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2)
    body = [line for line in diff if not line.startswith(("---", "+++"))]
    return [(_KINDS.get(line[:1], ""), line) for line in body[:MOST_LINES]]
