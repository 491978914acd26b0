"""``call: agent`` is another run: its driver starts and awaits it, and no attempt is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from executions.calls.context import StepContext
from executions.calls.outcome import Outcome


def run(arguments: Mapping[str, Any], context: StepContext) -> Outcome:
    """Never called (``CallKind.starts_run``)."""
    raise NotImplementedError
