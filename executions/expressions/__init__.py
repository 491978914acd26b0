"""jq expressions, the language of `${ … }` in workflows (Serverless Workflow DSL 1.0, runtime expressions)."""

from executions.expressions.evaluation import evaluate, resolve
from executions.expressions.program import check
from executions.expressions.runaway import Limits, close, configure
from executions.expressions.values import is_expression, source_of, truthy

__all__ = [
    "Limits",
    "check",
    "close",
    "configure",
    "evaluate",
    "is_expression",
    "resolve",
    "source_of",
    "truthy",
]
