"""The error for an assistant whose tool cannot do what it asked."""

from __future__ import annotations

from executions.errors import StigmerError


class ToolProblem(StigmerError):
    """The arguments mean nothing, or nothing that is there."""
