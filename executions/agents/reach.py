"""Which tools of an agent its list of hosts does not bind.

Functions, and commands of MCP servers, are programs that an administrator has put there: they open
connections by themselves, and nothing stands between. Pages and ``stigmer doctor`` name them.
"""

from __future__ import annotations

from collections.abc import Collection

from executions.language.agent import AgentDocument


def not_bound(agent: AgentDocument, commands: Collection[str]) -> list[str]:
    """The functions, and the servers of ``commands`` (names of MCP servers that are commands),
    among its tools; none where the agent names no hosts.
    """
    if agent.hosts is None:
        return []
    tools = agent.tool_entries()
    functions = [tool.function for tool in tools if tool.function is not None]
    servers = [tool.mcp for tool in tools if tool.mcp is not None and tool.mcp in commands]
    return list(dict.fromkeys([*functions, *servers]))
