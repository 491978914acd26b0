"""The step that is measured: it does nothing but say when it ran."""

from __future__ import annotations

import time

from executions.calls.python.functions import function


@function(name="bench.mark", effect="pure", isolation="thread")
def mark(number: int = 0) -> dict[str, int]:
    """The moment of the call in nanoseconds; the journal keeps it as the step's output."""
    return {"number": number, "at": time.time_ns()}
