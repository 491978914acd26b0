"""The modules that make the calls: of each kind the module ``step`` of its package.

It has ``run(arguments, context) -> Outcome``; ``run_here``, the same inside a transaction of the
calling thread, where the kind can be transactional; and ``close()``, where something has to end
with the process.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from executions.calls.table import EVERY_CALL

STEPS: dict[str, ModuleType] = {
    name: import_module(f"executions.calls.{name}.step") for name in EVERY_CALL
}


def close() -> None:
    """End what the kinds of calls keep running in this process."""
    for step in STEPS.values():
        if hasattr(step, "close"):
            step.close()
