"""Names of tools that every client takes."""

from __future__ import annotations

import hashlib
import re

LONGEST = 64
_REST = re.compile(r"[^A-Za-z0-9_-]+")


def tool_name(*parts: str) -> str:
    """The parts as one name of at most 64 letters, digits, ``_`` and ``-``; long ones end in a
    digest.
    """
    name = "_".join(_REST.sub("_", part) for part in parts)
    if len(name) <= LONGEST:
        return name
    return f"{name[: LONGEST - 9]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"
