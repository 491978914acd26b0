"""What a child process of the expression pool does: compile a program, run it, answer with at most two results."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jaq

from executions.expressions.values import ensure_json

Json = Any


def answer(operation: str, payload: dict[str, Json]) -> Json:
    """``{"results": […]}`` or ``{"failed": reason}`` for a program, its input and its variables."""
    assert operation == "evaluate"
    variables: dict[str, Json] = payload["variables"]
    program = _compiled(payload["source"], tuple(sorted(variables)))
    try:
        return {"results": [ensure_json(result) for result in program.first(payload["input"], vars=variables)]}
    except jaq.JaqError as error:
        return {"failed": str(error)[:1_000]}
    except MemoryError:
        return {"failed": "it needs more memory than an expression may have"}


@lru_cache(maxsize=512)
def _compiled(source: str, names: tuple[str, ...]) -> jaq.Filter:
    # Two results are enough to see that there is not exactly one, and a program may never stop giving them.
    return jaq.compile(f"[limit(2; ({source}\n))]", vars=list(names))
