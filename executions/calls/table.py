"""Every kind of call: what a workflow may call (``CALLS``), and what only Stigmer itself does too.

Checks, JSON Schema, driver, previews and documents read it here.
"""

from __future__ import annotations

from executions.calls.agent import AGENT
from executions.calls.command import COMMAND
from executions.calls.http import HTTP
from executions.calls.human import HUMAN
from executions.calls.kind import CallKind
from executions.calls.mcp import MCP
from executions.calls.model import MODEL
from executions.calls.python import PYTHON
from executions.calls.workspace import WORKSPACE

CALLS: dict[str, CallKind] = {row.name: row for row in (HTTP, PYTHON, HUMAN, AGENT)}
EVERY_CALL = CALLS | {row.name: row for row in (MODEL, MCP, COMMAND, WORKSPACE)}
_OF_THE_DSL = ("openapi", "grpc", "asyncapi", "a2a", "mcp", "agent", "approval")
CALLS_NOT_YET = tuple(name for name in _OF_THE_DSL if name not in CALLS)
