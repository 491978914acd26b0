"""Expressions that could run on for ever or eat all memory, evaluated in child processes that can be killed."""

from __future__ import annotations

from typing import Any

Json = Any


def failure(source: str, reason: str) -> str:
    """One sentence about an expression that failed while running."""
    return f"`{source[:80]}{'…' if len(source) > 80 else ''}` failed: {reason[:300]}"


def run(source: str, full_source: str, value: Json, variables: dict[str, Json], deadline_seconds: float) -> list[Json]:
    """At most two results of a program, evaluated under a deadline and a memory limit."""
    raise NotImplementedError
