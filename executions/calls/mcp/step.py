"""Calls a tool of an MCP server, by the mind of this process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from executions import mind
from executions.calls.context import StepContext
from executions.calls.outcome import Done, Fail, Outcome
from executions.errors import WorkflowError
from executions.mind.errors import PASSES, Why

RESTARTED = "The server was started anew since its last call: what it kept between calls is gone."


def run(arguments: Mapping[str, Any], context: StepContext) -> Outcome:
    """Call the tool; a run has a session of its own with each server."""
    server = context.resources["server"]
    request = {
        "do": "call",
        "run": context.execution_id,
        "server": server,
        "tool": arguments["tool"],
        "arguments": arguments.get("arguments") or {},
    }
    try:
        reply = mind.request(request, deadline=context.deadline, stopping=context.cancellation)
        return Done(_value(reply, called_before=bool(arguments.get("called_before"))))
    except mind.RequestFailed as failed:
        problem = failed.problem
    detail = problem.detail
    if server["key"]:
        detail = detail.replace(server["key"], "[secret]")
    kind = "timeout" if problem.why is Why.TIMED_OUT else "communication"
    error = WorkflowError.standard("runtime" if problem.why is Why.TOOL else kind, detail)
    return Fail(
        error,
        transient=problem.why in PASSES,
        rule=f"MCP server: {problem.why}",
        retry_after=problem.retry_after,
        effect_possible=problem.is_sent,
        answered=problem.why is Why.TOOL,
    )


def _value(reply: Mapping[str, Any], *, called_before: bool) -> Any:
    """The result of the tool. A note says that the server was started anew: whatever it kept
    between calls is gone.
    """
    value = reply["value"]
    if not (reply["is_new"] and called_before):
        return value
    if isinstance(value, str):
        return f"[{RESTARTED}]\n{value}"
    return {"note": RESTARTED} | (value if isinstance(value, dict) else {"result": value})
