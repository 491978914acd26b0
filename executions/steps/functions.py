"""The address of the decorator in modules that were written before `executions.functions` was
there.
"""

from executions.functions import FunctionContext, PermanentError, TransientError, function

__all__ = ["FunctionContext", "PermanentError", "TransientError", "function"]
