"""The imports of modules of registered functions: the decorator, and the errors that say how a call
failed.

This address stays. `executions.steps.functions`, which older modules import, leads here too.
"""

from executions.calls.python.functions import (
    FunctionContext,
    PermanentError,
    TransientError,
    function,
)

__all__ = ["FunctionContext", "PermanentError", "TransientError", "function"]
