"""A small MCP server for the tests: ``python mcp_server.py WORDS [PORT]``.

WORDS are what its first tool says of itself.
"""

from __future__ import annotations

import os
import sys

from mcp.server import MCPServer

words = sys.argv[1]
server = MCPServer("small")


@server.tool(description=words)
def add(a: int, b: int) -> int:
    return a + b


@server.tool(description="Ends the server in the middle of a call.")
def die() -> str:
    os._exit(1)


@server.tool(description="What the server sees of the environment.")
def environment() -> list[str]:
    return sorted(os.environ)


@server.tool(description="What the environment holds under these names.")
def valued(names: list[str]) -> list[str]:
    return [os.environ.get(name, "") for name in names]


if len(sys.argv) > 2:
    server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[2]))
else:
    server.run("stdio")
