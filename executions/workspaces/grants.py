"""The operator's grants to commands of a workflow, beyond their sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from django.conf import settings

from executions.errors import Refused
from executions.expressions import is_expression, source_of
from executions.models import Workflow
from executions.sandbox import PROMISES
from executions.secrets.mention import mentions_secrets, names_in, reads_by_name_only

_KINDS = frozenset({"shell", "script", "container"})
# Of STIGMER_COMMANDS_MAY: the risk, granted to the workflows that follow.
_GRANT = f"{PROMISES['network'].risk}:"


def may_reach_the_network(workflow: Workflow) -> bool:
    """Whether commands of this workflow may."""
    return _is_named(workflow.namespace, workflow.slug)


def check(document: dict[str, Any], slug: str) -> None:
    """Raises Refused for a definition that asks for what nobody has granted."""
    namespace = str((document.get("document") or {}).get("namespace") or "")
    asking = next((name for name, task in _commands(document.get("do")) if _asks(task)), None)
    if asking is None or _is_named(namespace, slug):
        return
    named = ", ".join(_named()) or "none"
    raise Refused(
        "forbidden",
        f"The task {asking} asks for the network, and commands of {namespace}/{slug} may not reach"
        f" it. Named are: {named} (STIGMER_COMMANDS_MAY).",
        remedy=(
            "Take `network` out of its metadata, or ask who runs this server for"
            f" {_GRANT}{namespace}/{slug}."
        ),
    )


def _is_named(namespace: str, slug: str) -> bool:
    """As NAMESPACE/NAME; a star stands for anything."""
    name = f"{namespace}/{slug}"
    return any(fnmatchcase(name, each) for each in _named())


def _named() -> list[str]:
    may: list[str] = settings.STIGMER_COMMANDS_MAY
    return [each.removeprefix(_GRANT) for each in may if each.startswith(_GRANT)]


@dataclass(frozen=True, slots=True)
class Asked:
    """The secrets and the network that commands of a definition are given beyond their sandbox."""

    network: bool
    secrets: frozenset[str]


def asked_for(document: dict[str, Any]) -> Asked:
    """The grants that commands of this definition ask for. If an expression reads secrets by
    another way than by their names these are all that it declares.
    """
    tasks = [task for _, task in _commands(document.get("do"))]
    declared = (document.get("use") or {}).get("secrets") or []
    secrets: set[str] = set()
    for source in (source for task in tasks for source in _sources(task["run"])):
        if mentions_secrets(source):
            secrets |= set(names_in(source) if reads_by_name_only(source) else declared)
    return Asked(any(map(_asks, tasks)), frozenset(secrets))


def runs_commands(document: dict[str, Any]) -> bool:
    """Whether a workflow or an agent of this definition runs commands."""
    tools = document.get("tools") or []
    if any(isinstance(tool, dict) and tool.get("command") for tool in tools):
        return True
    runs = (task["run"] for _, task in _commands(document.get("do")))
    return any(isinstance(run, dict) and not _KINDS.isdisjoint(run) for run in runs)


def _asks(task: dict[str, Any]) -> bool:
    metadata = task.get("metadata")
    return isinstance(metadata, dict) and metadata.get("network") is True


def _commands(value: Any, name: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """The tasks below that run something, by name."""
    if isinstance(value, list):
        for each in value:
            yield from _commands(each, name)
    elif isinstance(value, dict):
        if "run" in value:
            yield name, value
        for key, each in value.items():
            yield from _commands(each, key)


def _sources(value: Any) -> Iterator[str]:
    """The expressions below, without their ``${ }``."""
    if isinstance(value, str) and is_expression(value):
        yield source_of(value)
    elif isinstance(value, (dict, list)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _sources(each)
