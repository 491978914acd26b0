"""The child processes in which a worker runs registered functions and what others wrote."""

from __future__ import annotations

import os

from django.conf import settings

from executions import sealed
from executions.calls.python import functions
from executions.calls.python import step as python

# The variables of the environment that a child may see. Secrets are filled in by the worker and
# travel with the one call.
_SEEN = (
    "PATH",
    "HOME",
    "LANG",
    "TZ",
    "DATABASE_URL",
    "REDIS_URL",
    "DJANGO_SETTINGS_MODULE",
    "PYTHONPATH",
)


def use_children() -> None:
    """Load the function modules here (their signatures are checked) and say how children are
    started.

    A run waits for a process for its expressions: that none can be had is no fault of the run.
    """
    sealed.configure(sealed.Limits(is_patient=True))
    functions.load_functions(settings.STIGMER_FUNCTION_MODULES)
    environment = {
        name: value for name, value in os.environ.items() if name in _SEEN or _is_a_setting(name)
    }
    python.configure(
        python.FunctionPool(
            modules=settings.STIGMER_FUNCTION_MODULES,
            processes=settings.STIGMER_FUNCTION_PROCESSES,
            memory_limit_bytes=settings.STIGMER_FUNCTION_MEMORY_BYTES,
            environment=environment,
            max_result_bytes=settings.STIGMER_VALUE_BYTES,
        )
    )


def _is_a_setting(name: str) -> bool:
    return name.startswith("STIGMER_") and not name.startswith("STIGMER_SECRET")
