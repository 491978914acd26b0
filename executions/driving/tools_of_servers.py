"""The tools of MCP servers: asked for when a run begins, compared with what was taken before.

A tool that is offered otherwise than it was taken is off until an administrator has looked at the
difference: what a run may do must not change behind everybody's back.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import shlex
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import User

from executions import mind, policy
from executions.agents.tools import ServerTool, ToolUnusable
from executions.calls.context import Cancellation, Deadline
from executions.driving.keys import key_of
from executions.driving.store import Store
from executions.errors import Refused
from executions.hosts import Hosts
from executions.models import McpServer, McpTool
from executions.models.mcp_server import Transport
from executions.models.transactions import atomic
from executions.values import dumps

LIST_SECONDS = 45.0
_LONGEST_DIFFERENCE = 1_500


def server_for(user: User, name: str) -> McpServer:
    """The server of this name, as this person's agents may use it. Raises Refused."""
    rows = policy.usable_servers(user).select_related("environment")
    server = rows.filter(name=name).first()
    if server is not None:
        return server
    names = ", ".join(rows.values_list("name", flat=True)[:20]) or "none"
    raise Refused(
        "conflict",
        f"There is no MCP server {name[:60]!r} that you may use.",
        remedy=f"You may use: {names}. An administrator declares servers in the admin.",
    )


def address_of(server: McpServer) -> dict[str, Any]:
    """How the mind reaches it. Raises Refused, SecretsUnreadable."""
    command: list[str] = []
    if server.transport == Transport.STDIO:
        command = shlex.split(settings.STIGMER_MCP_COMMANDS.get(server.command, ""))
        if not command:
            raise Refused(
                "conflict",
                f"The command {server.command!r} of the MCP server {server.name} is not in"
                " STIGMER_MCP_COMMANDS of this worker.",
                remedy="Add it there, or turn the server off.",
            )
    return {
        "name": server.name,
        "transport": server.transport,
        "command": command,
        "address": server.address,
        "environment": _environment_of(server),
        "key": key_of(f"MCP server {server.name}", server.key_secret),
    }


def _environment_of(server: McpServer) -> dict[str, str]:
    """Raises Refused, SecretsUnreadable."""
    environment = server.environment
    if environment is None:
        return {}
    what = f"environment {environment.name}"
    hidden = {name: key_of(what, secret) for name, secret in environment.secrets.items()}
    return {**environment.variables, **hidden}


def tools_for(
    store: Store,
    owner_id: int,
    run: str,
    wanted: Sequence[tuple[str, str | None]],
    hosts: Sequence[Sequence[str]] = (),
) -> dict[tuple[str, str | None], list[ServerTool]]:
    """The tools that an agent names by server and tool (None: all that are on), whose
    servers each of these lists of ``hosts`` has to allow.

    Raises ToolUnusable, Refused.
    """
    listed: dict[str, list[ServerTool]] = {}
    tools_of = {}
    for server, tool in wanted:
        if server not in listed:
            listed[server] = _listed(store, owner_id, run, server, hosts)
        tools = listed[server]
        if tool is not None:
            tools = [each for each in tools if each.name == tool]
            if not tools:
                names = ", ".join(each.name for each in listed[server]) or "none"
                raise ToolUnusable(
                    f"The MCP server {server} has no tool {tool!r} that is on. Those that are:"
                    f" {names}."
                )
        tools_of[server, tool] = tools
    return tools_of


def known_tools(
    wanted: Sequence[tuple[str, str | None]],
) -> dict[tuple[str, str | None], list[ServerTool]]:
    """The same of the tools as they were taken, without asking a server."""
    tools_of = {}
    for name, tool in wanted:
        rows = McpTool.objects.filter(server__name=name, is_enabled=True).select_related("server")
        rows = rows.order_by("met_at", "id") if tool is None else rows.filter(name=tool)
        tools_of[name, tool] = [_as_tool(row.server, row) for row in rows]
        if not tools_of[name, tool]:
            raise ToolUnusable(f"No tool {tool or ''} of the MCP server {name} was ever taken.")
    return tools_of


def take(tool: McpTool) -> bool:
    """Take what the server offers now; False where that is what was taken."""
    if tool.offered is None:
        return False
    tool.definition, tool.digest, tool.offered = tool.offered, _digest(tool.offered), None
    tool.save(update_fields=["definition", "digest", "offered"])
    return True


def _listed(
    store: Store, owner_id: int, run: str, name: str, hosts: Sequence[Sequence[str]]
) -> list[ServerTool]:
    def looked_up() -> tuple[McpServer, dict[str, Any]]:
        server = server_for(User.objects.get(pk=owner_id), name)
        return server, address_of(server)

    server, address = store.call(looked_up)
    _check_reachable(server, hosts)
    asked = {"do": "tools", "run": run, "server": address}
    try:
        offered = mind.request(asked, deadline=Deadline(LIST_SECONDS), stopping=Cancellation())
    except mind.RequestFailed as failed:
        raise ToolUnusable(failed.problem.detail) from failed
    return store.call(partial(_compared, server, offered))


def _check_reachable(server: McpServer, hosts: Sequence[Sequence[str]]) -> None:
    """A command is the operator's own program, which no list confines. Raises ToolUnusable."""
    if server.transport != Transport.HTTP:
        return
    for each in hosts:
        if not Hosts.from_entries(each, domains=True).covers_url(server.address):
            host = urlsplit(server.address).hostname
            raise ToolUnusable(
                f"The MCP server {server.name} is at {host}, which `hosts` of the agent leaves out."
            )


def _compared(server: McpServer, offered: Sequence[Mapping[str, Any]]) -> list[ServerTool]:
    """Those that are on. Raises ToolUnusable where one is offered otherwise than it was taken."""
    with atomic():
        tools_by_name = {tool.name: tool for tool in server.tools.select_for_update()}
        new = [_met(server, said) for said in offered if said["name"] not in tools_by_name]
        McpTool.objects.bulk_create(new, ignore_conflicts=True)
        changed = []
        for said in offered:
            tool = tools_by_name.get(said["name"])
            other = None if tool is None or tool.digest == _digest(said) else dict(said)
            if tool is not None and tool.offered != other:
                tool.offered = other
                changed.append(tool)
        McpTool.objects.bulk_update(changed, ["offered"])
        rows = {tool.name: tool for tool in server.tools.all()}
    named = [rows[said["name"]] for said in offered if said["name"] in rows]
    off = next((tool for tool in named if tool.is_enabled and tool.offered is not None), None)
    if off is not None:
        raise ToolUnusable(
            f"The tool {off.name} of the MCP server {server.name} is off: it is offered otherwise"
            f" than it was taken.\n{_difference(off)}\nAn administrator takes the new one in the"
            " admin, or turns the tool off."
        )
    return [_as_tool(server, tool) for tool in named if tool.is_enabled]


def _met(server: McpServer, said: Mapping[str, Any]) -> McpTool:
    return McpTool(
        server=server, name=said["name"][:200], definition=dict(said), digest=_digest(said)
    )


def _as_tool(server: McpServer, tool: McpTool) -> ServerTool:
    hints = tool.definition.get("annotations", {})
    return ServerTool(
        server.name,
        tool.name,
        str(tool.definition.get("description", "")),
        tool.definition["parameters"],
        tool.effect or (_effect(hints) if server.is_trusted else "at_most_once"),
        tool.approval or ("" if server.is_trusted else "always"),
        is_destructive=not server.is_trusted or _is_destructive(hints),
        is_trusted=server.is_trusted,
    )


def _effect(hints: Mapping[str, bool]) -> str:
    if hints.get("read_only_hint"):
        return "pure"
    return "idempotent" if hints.get("idempotent_hint") else "at_most_once"


def _is_destructive(hints: Mapping[str, bool]) -> bool:
    return not hints.get("read_only_hint") and hints.get("destructive_hint", True)


def _digest(said: Mapping[str, Any]) -> str:
    return hashlib.sha256(dumps({name: said[name] for name in sorted(said)}).encode()).hexdigest()


def _difference(tool: McpTool) -> str:
    before, after = (
        json.dumps(each, indent=1, sort_keys=True, ensure_ascii=False).splitlines()
        for each in (tool.definition, tool.offered)
    )
    lines = difflib.unified_diff(before, after, "as it was taken", "as it is offered", lineterm="")
    return "\n".join(lines)[:_LONGEST_DIFFERENCE]
