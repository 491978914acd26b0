"""The one place that knows the library which speaks to MCP servers; loaded in the mind alone.

Each run has sessions of its own, since what a server keeps between calls is nobody else's. A
session is entered and left in one task, which holds it; requests are made from any other.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import httpx2
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.types import (
    CallToolResult,
    ContentBlock,
    EmbeddedResource,
    ResourceLink,
    TextContent,
    TextResourceContents,
    Tool,
)

from executions.mind import memory
from executions.mind.errors import Problem, RequestFailed, Why

START_SECONDS = 30.0
IDLE_SECONDS = 300.0
MOST_SESSIONS = 64
MOST_PAGES = 20
MOST_TOOLS = 200
MEMORY_BYTES = 1024**3
WATCH_SECONDS = 1.0
# Of the memory of all, from which on no further one is started.
ROOM = 0.75
# A server that does not start is left alone for so long, twice as long after each failure.
FIRST_BACK_OFF_SECONDS, LONGEST_BACK_OFF_SECONDS = 1.0, 60.0


class Servers:
    """The sessions of this mind, by run and server."""

    def __init__(self) -> None:
        self._sessions: dict[tuple[str, str], Session] = {}
        self._failures: dict[str, tuple[int, float]] = {}
        self._watching: asyncio.Task[None] | None = None

    async def tools(self, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The tools that a server offers: name, description, schema and annotations. Raises
        RequestFailed.
        """
        session, _ = await self._session(asked)
        tools: list[dict[str, Any]] = []
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = await session.made(session.client.list_tools(cursor=cursor))
            tools += [_tool(tool) for tool in page.tools]
            cursor = page.next_cursor
            if cursor is None or len(tools) >= MOST_TOOLS:
                break
        return tools[:MOST_TOOLS]

    async def call(self, asked: Mapping[str, Any]) -> Any:
        """The result of a tool, and whether the server was started for this call. Raises
        RequestFailed.
        """
        session, is_new = await self._session(asked)
        result = await session.made(session.client.call_tool(asked["tool"], asked["arguments"]))
        assert isinstance(result, CallToolResult)
        value = _value(result)
        if result.is_error:
            text = value if isinstance(value, str) else json.dumps(value)
            raise RequestFailed(Problem(Why.TOOL, text[:20_000] or "The tool gave no reason."))
        return {"value": value, "is_new": is_new}

    async def _session(self, asked: Mapping[str, Any]) -> tuple[Session, bool]:
        self._end_idle()
        name = str(asked["server"]["name"])
        key = (str(asked["run"]), name)
        session = self._sessions.get(key)
        is_new = session is None or session.is_over
        if session is None or session.is_over:
            self._check_back_off(name)
            self._check_memory()
            if len(self._sessions) >= MOST_SESSIONS:
                detail = f"{MOST_SESSIONS} sessions with MCP servers are open; try again later."
                raise RequestFailed(Problem(Why.OVERLOADED, detail, is_sent=False))
            session = self._sessions[key] = Session(asked["server"])
            if self._watching is None:
                self._watching = asyncio.create_task(self._watch_memory())
        try:
            await session.ready()
        except RequestFailed:
            self._note_failure(name)
            raise
        self._failures.pop(name, None)
        return session, is_new

    def _check_back_off(self, name: str) -> None:
        count, until = self._failures.get(name, (0, 0.0))
        left = until - time.monotonic()
        if left > 0:
            detail = (
                f"The MCP server {name} did not start {count} times; it is tried again in"
                f" {left:.1f} s."
            )
            raise RequestFailed(Problem(Why.UNREACHABLE, detail, retry_after=left, is_sent=False))

    def _note_failure(self, name: str) -> None:
        count = self._failures.get(name, (0, 0.0))[0] + 1
        wait = min(LONGEST_BACK_OFF_SECONDS, FIRST_BACK_OFF_SECONDS * 2 ** (count - 1))
        self._failures[name] = (count, time.monotonic() + wait)

    def _check_memory(self) -> None:
        """Make room for one more: those end first that were not used for longest."""
        idle = sorted(
            (each for each in self._sessions.values() if each.idle_seconds() > 0),
            key=Session.idle_seconds,
        )
        if sum(memory.used().values()) < memory.WHOLE_BYTES * ROOM:
            return
        for session in idle[len(idle) // 2 :]:
            session.end()
        detail = "The MCP servers of this worker use all the memory that they may; try again later."
        raise RequestFailed(Problem(Why.OVERLOADED, detail, is_sent=False))

    async def _watch_memory(self) -> None:
        """End the largest server when all together grow too large."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            used = memory.used()
            if sum(used.values()) > memory.WHOLE_BYTES:
                largest = max(used, key=used.__getitem__)
                print(f"the MCP server with the pid {largest} is ended: {used}", file=sys.stderr)
                with suppress(ProcessLookupError):
                    os.kill(largest, signal.SIGKILL)

    def _end_idle(self) -> None:
        for key, session in list(self._sessions.items()):
            if session.is_over or session.idle_seconds() > IDLE_SECONDS:
                session.end()
                del self._sessions[key]


class Session:
    """One connection to one server, held by a task."""

    def __init__(self, server: Mapping[str, Any]) -> None:
        self._server = server
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._end = asyncio.Event()
        self._used = time.monotonic()
        self._busy = 0
        self.client = Client(_transport(server), raise_exceptions=False)
        self._task = asyncio.create_task(self._hold())

    @property
    def is_over(self) -> bool:
        return self._task.done() or self._end.is_set()

    def idle_seconds(self) -> float:
        return 0.0 if self._busy else time.monotonic() - self._used

    def end(self) -> None:
        self._end.set()

    async def ready(self) -> None:
        """Once the server has answered. Raises RequestFailed."""
        name = self._server["name"]
        try:
            await asyncio.wait_for(asyncio.shield(self._ready), START_SECONDS)
        except TimeoutError:
            self.end()
            detail = f"The MCP server {name} did not start within {START_SECONDS:g} s."
            raise RequestFailed(Problem(Why.UNREACHABLE, detail, is_sent=False)) from None
        except Exception as error:
            detail = f"The MCP server {name} cannot be reached: {_said(error)}"
            raise RequestFailed(Problem(Why.UNREACHABLE, detail, is_sent=False)) from error

    async def made(self, request: Any) -> Any:
        """The answer of the server. Raises RequestFailed."""
        name = self._server["name"]
        self._busy += 1
        asking = asyncio.ensure_future(request)
        try:
            await asyncio.wait([asking, self._task], return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                detail = f"The MCP server {name} ended in the middle of a call."
                raise RequestFailed(Problem(Why.CUT, detail))
            return asking.result()
        except MCPError as error:
            raise RequestFailed(self._problem(error)) from error
        except (OSError, httpx2.HTTPError) as error:
            detail = f"The MCP server {name} broke off: {_said(error)}"
            raise RequestFailed(Problem(Why.CUT, detail)) from error
        finally:
            asking.cancel()
            self._busy -= 1
            self._used = time.monotonic()

    def _problem(self, error: MCPError) -> Problem:
        """An error that a server answers is the tool's own; a server that is gone is another
        problem.
        """
        said = str(error)[:20_000]
        is_gone = self.is_over or "closed" in said.lower()
        if is_gone:
            detail = f"The MCP server {self._server['name']} ended in the middle of a call: {said}"
            return Problem(Why.CUT, detail)
        return Problem(Why.TOOL, said)

    async def _hold(self) -> None:
        try:
            async with self.client:
                self._ready.set_result(None)
                await self._end.wait()
        except Exception as error:
            if not self._ready.done():
                self._ready.set_exception(error)
        finally:
            with suppress(asyncio.InvalidStateError):
                self._ready.cancel()


def _transport(server: Mapping[str, Any]) -> Any:
    if server["transport"] == "stdio":
        arguments = ["-m", "executions.mind.bounded", str(MEMORY_BYTES), *server["command"]]
        environment = {"PYTHONPATH": ""} | dict(server["environment"])
        return StdioServerParameters(
            command=sys.executable, args=["-P", *arguments], env=_importing(environment)
        )
    headers = {"Authorization": f"Bearer {server['key']}"} if server["key"] else {}
    http = httpx2.AsyncClient(
        headers=headers,
        timeout=httpx2.Timeout(30.0, read=None),
        trust_env=False,
        follow_redirects=False,
    )
    return streamable_http_client(server["address"], http_client=http)


def _importing(environment: dict[str, str]) -> dict[str, str]:
    """The starter finds our modules; it hands nothing else on."""
    return environment | {"PYTHONPATH": ":".join(entry for entry in sys.path if entry)}


def _tool(tool: Tool) -> dict[str, Any]:
    said = tool.annotations
    hints = said.model_dump(exclude_none=True) if said is not None else {}
    return {
        "name": tool.name,
        "description": tool.description or tool.title or "",
        "parameters": tool.input_schema,
        "annotations": {name: value for name, value in hints.items() if isinstance(value, bool)},
    }


def _value(result: CallToolResult) -> Any:
    """The data that it holds, else its texts; of anything else that it was there."""
    if result.structured_content is not None:
        return result.structured_content
    return "\n".join(map(_part, result.content))


def _part(block: ContentBlock) -> str:
    """A part of a result as text: also that of a resource, and where one is."""
    if isinstance(block, TextContent):
        return block.text
    if isinstance(block, EmbeddedResource) and isinstance(block.resource, TextResourceContents):
        return f"[{block.resource.uri}]\n{block.resource.text}"
    if isinstance(block, ResourceLink):
        return f"[{block.name}: {block.uri}]"
    return f"[{block.type} left out]"


def _said(error: BaseException) -> str:
    """The innermost words of a failure, which tasks may have wrapped."""
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"[:2_000]
