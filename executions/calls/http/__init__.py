"""``call: http``: calls a web service within a deadline, to addresses that the operator allows."""

from executions.calls.http.loop import close
from executions.calls.http.step import run
from executions.calls.http.target import expand

__all__ = ["close", "expand", "run"]
