"""jq expressions, the language of `${ … }` in workflows (Serverless Workflow DSL 1.0, runtime
expressions).

They are jq itself (the C library), which runs in sealed children: :mod:`executions.sealed`. Plain
paths are read in place, and sums and comparisons of them are worked out there
(:mod:`executions.expressions.plain`).
"""

from executions.expressions.checking import check, warnings
from executions.expressions.encoding import Encodings
from executions.expressions.evaluation import EVALUATION_SECONDS, evaluate, resolve
from executions.expressions.values import is_expression, source_of, truthy

__all__ = [
    "EVALUATION_SECONDS",
    "Encodings",
    "check",
    "evaluate",
    "is_expression",
    "resolve",
    "source_of",
    "truthy",
    "warnings",
]
