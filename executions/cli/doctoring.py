"""``stigmer doctor``: everything that health checks, and what only the machine itself can tell,
each with a remedy.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from executions.cli.exits import CommandError
from executions.errors import StigmerError


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; ``remedy`` is empty where it is well.

    ``is_warning``: worth a look, no more.
    """

    name: str
    ok: bool
    detail: str
    remedy: str = ""
    is_warning: bool = False


def examine() -> list[Finding]:
    """All findings; where the settings cannot be used, those that need none."""
    from executions.cli.surroundings import only_read, use_settings

    try:
        use_settings(writes=False)
        only_read()
    except StigmerError as error:
        return [
            Finding("settings", False, str(error), "Correct it and run `stigmer doctor` again."),
            _login(),
        ]
    return [
        _settings(),
        *_unread(),
        _safety(),
        _folder(),
        *_artifacts(),
        *_health(),
        *_hosts_of_agents(),
        _web(),
        _login(),
    ]


def print_findings(findings: list[Finding]) -> None:
    """A line each; a remedy below what is not well."""
    from executions.cli.display.screen import print_line
    from executions.cli.display.words import plain

    width = max(len(each.name) for each in findings)
    for each in findings:
        mark = (
            ("!", "yellow") if each.is_warning else ("✓", "green") if each.ok else ("✗", "bold red")
        )
        print_line(mark, f" {each.name.ljust(width)}  {plain(each.detail)}")
        if each.remedy:
            print_line(f"  {' ' * width}  ", (f"→ {plain(each.remedy)}", "bold"))


def _settings() -> Finding:
    from django.conf import settings

    database = settings.DATABASES["default"]["ENGINE"].rpartition(".")[2]
    redis = "embedded Redis" if settings.STIGMER_EMBEDDED_REDIS else "own Redis"
    return Finding("settings", True, f"data folder {settings.STIGMER_HOME}, {database}, {redis}")


def _unread() -> Iterator[Finding]:
    """Settings that were misspelt, or are none any more."""
    from django.conf import settings

    for detail, remedy in settings.STIGMER_UNREAD:
        yield Finding("settings", True, detail, remedy, is_warning=True)


def _safety() -> Finding:
    """The faults that `stigmer check` refuses, where others may reach the server."""
    from executions.health.exposure import exposures

    messages = exposures()
    if not messages:
        return Finding("safety", True, "nothing stands open")
    remedy = " ".join(str(message.hint) for message in messages)
    detail = " ".join(str(message.msg) for message in messages)
    return Finding("safety", True, detail, remedy, is_warning=True)


def _folder() -> Finding:
    from django.conf import settings

    home: Path = settings.STIGMER_HOME
    if not home.is_dir():
        return Finding("data folder", False, f"{home} does not exist.", "`stigmer up` makes it.")
    if not os.access(home, os.W_OK | os.X_OK):
        return Finding(
            "data folder",
            False,
            f"{home} cannot be written.",
            "Make it writable, or set STIGMER_HOME.",
        )
    return Finding("data folder", True, "writable")


def _artifacts() -> Iterator[Finding]:
    """A storage of another server, where files of runs are kept in one."""
    from django.conf import settings

    from executions import blobs

    if not blobs.is_remote(settings.STIGMER_ARTIFACTS):
        return
    try:
        blobs.at(settings.STIGMER_ARTIFACTS).check()
    except blobs.StorageFailed as problem:
        remedy = "Correct STIGMER_ARTIFACTS and the keys, or start the storage."
        yield Finding("artifacts", False, str(problem), remedy)
    else:
        yield Finding("artifacts", True, "their storage answers and takes the keys")


def _health() -> Iterator[Finding]:
    from executions.health import State, look

    for check in look():
        remedy = "" if check.state == State.OK else check.remedy
        is_well = check.ok and check.state != State.DEGRADED
        yield Finding(
            check.name.replace("_", " "),
            is_well,
            check.detail,
            remedy,
            check.state == State.WARNING,
        )


def _hosts_of_agents() -> Iterator[Finding]:
    """Agents that say which hosts their tools may reach, with tools that this does not bind."""
    from django.db import DatabaseError

    from executions.agents.reach import not_bound
    from executions.language.agent import load_agent
    from executions.models import Agent, McpServer
    from executions.models.mcp_server import Transport

    try:
        servers = McpServer.objects.filter(transport=Transport.STDIO)
        commands = set(servers.values_list("name", flat=True))
        heads = Agent.objects.exclude(head_version=None).select_related("head_version")
        unbound = [
            (agent.slug, names)
            for agent in heads.order_by("slug").iterator()
            if agent.head_version is not None
            and (names := not_bound(load_agent(agent.head_version.document), commands))
        ]
    except DatabaseError:
        # The check of the database has said so.
        return
    if unbound:
        agents = "; ".join(f"{slug}: {', '.join(names)}" for slug, names in unbound[:10])
        more = f", and {len(unbound) - 10} more agents" if len(unbound) > 10 else ""
        detail = f"do not bind functions and commands ({agents}{more})"
        yield Finding("hosts of agents", True, detail)


def _web() -> Finding:
    """Asked as a load balancer would; it knows what this process cannot see without writing."""
    import httpx

    from executions.cli.remote.address import local
    from executions.supervisor.ready import headers_of_a_proxy

    address, headers = local(), headers_of_a_proxy()
    try:
        answer = httpx.get(f"{address}/readyz", headers=headers, timeout=10, trust_env=False)
    except httpx.TransportError as error:
        cause = " ".join(str(error).split()) or type(error).__name__
        return Finding(
            "web server",
            False,
            f"{address} does not answer ({cause}).",
            "Start it with `stigmer up`.",
        )
    try:
        failed = [check for check in answer.json()["checks"] if not check["ok"]]
    except (ValueError, KeyError, TypeError):
        detail = f"{address}/readyz answered {answer.status_code}."
        return Finding("web server", False, detail, "Something else has this port.")
    if failed:
        first = failed[0]
        detail = f"answers at {address}, and is not ready ({first['name']}): {first['detail']}"
        return Finding("web server", False, detail, first["remedy"])
    return Finding("web server", True, f"answers at {address}, and is ready")


def _login() -> Finding:
    """Whether what `stigmer login` kept still opens anything."""
    from executions.cli.discretion import hide
    from executions.cli.remote.address import resolve
    from executions.cli.remote.client import Client

    try:
        address = resolve()
        if not address.token:
            return Finding("log-in", True, "nobody is signed in here (`stigmer login` signs in)")
        with Client(address) as client:
            caller = client.get("/me")
    except CommandError as error:
        return Finding("log-in", False, hide(str(error)))
    return Finding("log-in", True, f"{caller['name']} at {address.server}")
