"""Calls a tool of an MCP server, by the mind of this process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from executions import mind
from executions.calls.context import StepContext
from executions.calls.outcome import Done, Fail, Outcome
from executions.errors import WorkflowError
from executions.mind.errors import PASSES, Why


def run(arguments: Mapping[str, Any], context: StepContext) -> Outcome:
    """Call the tool; a run has a session of its own with each server."""
    server = context.resources["server"]
    asked = {
        "do": "call",
        "run": context.execution_id,
        "server": server,
        "tool": arguments["tool"],
        "arguments": arguments.get("arguments") or {},
    }
    try:
        return Done(mind.request(asked, deadline=context.deadline, stopping=context.cancellation))
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
        effect_possible=problem.is_sent,
        answered=problem.why is Why.TOOL,
    )
