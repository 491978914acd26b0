"""``call: http``: calls a web service within a deadline, to addresses that the operator allows."""

from executions.steps.http.loop import close
from executions.steps.http.step import run
from executions.steps.http.target import expand

__all__ = ["close", "expand", "run"]
