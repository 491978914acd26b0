"""One thing with all that belongs to it, for people."""

from __future__ import annotations

import json
from typing import Any

from executions.cli.display import standing
from executions.cli.display.columns import COLUMNS, STEPS, rows
from executions.cli.display.screen import print_line, print_table
from executions.cli.display.words import STYLES, ago, count, plain, pretty, took
from executions.cli.remote.client import Client

MOST_STEPS, MOST_RUNS = 200, 5
Pairs = list[tuple[str, str]]


def execution(client: Client, run: dict[str, Any], path: str) -> None:
    """A run: where it stands, its steps, what went in and came out, what can be done next."""
    spec, status, metadata = run["spec"], run["status"], run["metadata"]
    steps = list(client.items(f"{path}/steps", MOST_STEPS, decisions=False, superseded=False))
    _heading(metadata["id"], plain(spec["workflow"] or spec["agent"]), f"version {spec['version']}")
    print_line((standing.sentence(run), STYLES.get(status["phase"], "")))
    progress = status["progress"]
    _pairs(
        [
            ("started by", f"{plain(metadata['owner'])} {ago(metadata['created_at'])} ago"),
            ("took", took(status["started_at"], status["ended_at"] or status["failed_at"])),
            ("progress", f"{progress['finished']} of {count(progress['total'], 'task')}"),
            ("sequence", str(status["seq"])),
            *_workspace_of(spec.get("workspace")),
            ("correlation", plain(spec["correlation_id"])),
            ("page", client.address.server + run["links"]["page"]),
        ]
    )
    if steps:
        print_line()
        print_table(list(STEPS), rows(STEPS, steps[::-1]), indent="  ")
    _value("INPUT", spec["input"])
    if status["phase"] == "COMPLETED":
        _value("OUTPUT", status["output"])
    elif status["error"] is not None:
        _value("ERROR", status["error"])
    failed = [step for step in steps if step["status"] == "FAILED"]
    commands = standing.next_commands(run, may_skip=any(step["optional"] for step in failed))
    if commands:
        print_line()
        print_line(("NEXT", "dim"))
        _pairs(commands)


def _workspace_of(workspace: Any) -> Pairs:
    """The line about the workspace that the run itself names."""
    if workspace is None:
        return []
    text = workspace if isinstance(workspace, str) else json.dumps(workspace, ensure_ascii=False)
    return [("workspace", plain(text))]


def resource(client: Client, item: dict[str, Any], kind: str) -> None:
    """A workflow or an agent with its instances, versions and newest runs."""
    metadata, spec, status = item["metadata"], item["spec"], item["status"]
    path = f"/{kind}s/{metadata['id']}"
    _heading(metadata["id"], plain(metadata["slug"]), f"version {spec['version']}")
    labels = ", ".join(
        f"{plain(name)}={plain(value)}" for name, value in metadata["labels"].items()
    )
    pairs = [
        ("title", plain(metadata["name"])),
        ("description", plain(spec["description"] or None)),
    ]
    pairs += [("namespace", plain(spec["namespace"]))] if spec["namespace"] else []
    pairs += [("owner", plain(metadata["owner"])), ("visibility", plain(metadata["visibility"]))]
    pairs += [("labels", labels)] if labels else []
    pairs += [("default instance", plain(status["default_instance_id"]))]
    _pairs(pairs)
    for warning in status["warnings"]:
        print_line((f"  warning: {plain(warning)}", "yellow"))
    run_list = {"workflow": "/workflow-executions", "agent": "/agent-executions"}[kind]
    run_kind = {"workflow": "execution", "agent": "agent-execution"}[kind]
    _table(
        "INSTANCES",
        f"{kind.replace('workflow', '')}-instance".strip("-"),
        client,
        f"{path}/instances",
    )
    _table("VERSIONS", "version", client, f"{path}/versions")
    _table("NEWEST RUNS", run_kind, client, run_list, **{kind: metadata["id"]})


def _heading(public_id: str, name: str, more: str) -> None:
    print_line((public_id, "bold"), f"  {name}", (f"  {more}", "dim"))


def _pairs(pairs: Pairs) -> None:
    width = max(len(name) for name, _ in pairs)
    for name, value in pairs:
        print_line((f"  {name.ljust(width)}  ", "dim"), value)


def _value(title: str, value: Any) -> None:
    print_line()
    print_line((title, "dim"))
    for line in pretty(value).splitlines():
        print_line(f"  {line}")


def _table(title: str, kind: str, client: Client, path: str, **filters: Any) -> None:
    items = list(client.items(path, MOST_RUNS, **filters))
    if items:
        print_line()
        print_line((title, "dim"))
        print_table(list(COLUMNS[kind]), rows(COLUMNS[kind], items), indent="  ")
