"""The kinds of things that can be listed, read and deleted: names, ids and addresses in the API."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from executions.cli.exits import CommandError, ExitCode


@dataclass(frozen=True, slots=True)
class Kind:
    """``path`` is the list's address; ``{of}`` in it stands for what the items belong to.

    ``item_path`` is where one of them is read by its name or id; None where one cannot be read
    alone.
    """

    name: str
    plural: str
    path: str
    item_path: str | None = None
    prefix: str = ""
    filters: frozenset[str] = frozenset()
    belongs_to: str = ""
    may_delete: bool = False


_RUNS = frozenset(
    {"phase", "workflow", "agent", "owner", "text", "needs_attention", "session", "q"}
)
_NAMED = frozenset({"text", "owner"})
KINDS = (
    Kind(
        "workflow", "workflows", "/workflows", "/workflows/{name}", "wfl", _NAMED, may_delete=True
    ),
    Kind("agent", "agents", "/agents", "/agents/{name}", "agt", _NAMED, may_delete=True),
    Kind(
        "execution",
        "executions",
        "/workflow-executions",
        "/workflow-executions/{name}",
        "wex",
        _RUNS,
        may_delete=True,
    ),
    Kind(
        "agent-execution",
        "agent-executions",
        "/agent-executions",
        "/agent-executions/{name}",
        "aex",
        _RUNS,
        may_delete=True,
    ),
    Kind(
        "instance",
        "instances",
        "/workflows/{of}/instances",
        "/workflow-instances/{name}",
        "win",
        belongs_to="workflow",
        may_delete=True,
    ),
    Kind(
        "agent-instance",
        "agent-instances",
        "/agents/{of}/instances",
        "/agent-instances/{name}",
        "ain",
        belongs_to="agent",
        may_delete=True,
    ),
    Kind("version", "versions", "/workflows/{of}/versions", belongs_to="workflow"),
    Kind("agent-version", "agent-versions", "/agents/{of}/versions", belongs_to="agent"),
    Kind("skill", "skills", "/skills", "/skills/{name}", "skl", _NAMED, may_delete=True),
    Kind("skill-version", "skill-versions", "/skills/{of}/versions", belongs_to="skill"),
    Kind("session", "sessions", "/sessions", "/sessions/{name}", "ses"),
    Kind("step", "steps", "{of}/steps", belongs_to="execution"),
    Kind("checkpoint", "checkpoints", "{of}/checkpoints", belongs_to="execution"),
    Kind(
        "notification",
        "notifications",
        "/notifications",
        prefix="ntf",
        filters=frozenset({"unread"}),
    ),
    Kind("approval", "approvals", "/approvals", "/approvals/{name}", "ask"),
    Kind("group", "groups", "/groups"),
    Kind("worker", "workers", "/workers"),
    Kind("proposal", "proposals", "/proposals", "/proposals/{name}", "prp"),
    Kind("event", "events", "/events", "/events/{name}", "evt"),
    Kind("event-source", "event-sources", "/event-sources", prefix="src"),
    Kind(
        "schedule",
        "schedules",
        "/schedules",
        "/schedules/{name}",
        "sch",
        frozenset({"text"}),
        may_delete=True,
    ),
    Kind("cause", "causes", "/attention"),
    Kind("bulk-run", "bulk-runs", "/bulk-runs", "/bulk-runs/{name}", "blk"),
    Kind("sink", "sinks", "/sinks", prefix="snk"),
    Kind("channel", "channels", "/channels", "/channels/{name}"),
    Kind("failed", "failed", "/admin/workflows/failed"),
    Kind("token", "tokens", "/tokens", "/tokens/{name}", "key"),
)
# Kinds that are listed by commands of their own.
MESSAGE = Kind("message", "messages", "/sinks/{of}/messages", belongs_to="sink")
OCCURRENCE = Kind("occurrence", "occurrences", "/schedules/{of}/occurrences", belongs_to="schedule")
VISIT = Kind("visit", "visits", "/event-sources/{of}/visits", belongs_to="event-source")
_BY_NAME = {name: kind for kind in KINDS for name in (kind.name, kind.plural)}
# Words that pages, people and earlier versions use for a kind.
_BY_NAME |= {
    "run": _BY_NAME["execution"],
    "runs": _BY_NAME["execution"],
    "conversation": _BY_NAME["session"],
    "conversations": _BY_NAME["session"],
    "workflow-execution": _BY_NAME["execution"],
    "workflow-executions": _BY_NAME["execution"],
    "attention": _BY_NAME["cause"],
}
_EXECUTIONS = {"wex": "/workflow-executions", "aex": "/agent-executions"}


def of_verbs() -> tuple[Kind, Kind]:
    """Runs of workflows and of agents."""
    return _BY_NAME["execution"], _BY_NAME["agent-execution"]


def named(text: str) -> Kind:
    """A kind by its name, in singular or plural. Raises CommandError that lists the kinds."""
    kind = _BY_NAME.get(text.lower())
    if kind is None:
        close = get_close_matches(text.lower(), _BY_NAME, n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise CommandError(
            f"There is no kind {text!r}.{hint}",
            remedy=f"The kinds are {', '.join(each.plural for each in KINDS)}.",
            code=ExitCode.USAGE,
        )
    return kind


def subject(kind: str, name: str | None) -> tuple[Kind, str]:
    """The kind and the name that two arguments say, or one that is an id: its prefix tells the
    kind.
    """
    if name is not None:
        kind_row = named(kind)
        # Runs of both kinds are executions to whoever holds an id.
        by_id = _of_id(name) if kind_row.name == "execution" else None
        return by_id or kind_row, name
    by_id = _of_id(kind)
    if by_id is None:
        kind_row = named(kind)
        raise CommandError(
            f"Which {kind_row.name}?", remedy=f"Name it: {kind_row.name} NAME.", code=ExitCode.USAGE
        )
    return by_id, kind


def execution_path(public_id: str) -> str:
    """The address of a run by its id. Raises CommandError for what is no such id."""
    if not is_execution_id(public_id):
        raise CommandError(
            f"{public_id!r} is not the id of a run.",
            remedy=(
                "It begins with wex- (a workflow's) or aex- (an agent's); `stigmer list executions`"
                " shows them."
            ),
            code=ExitCode.USAGE,
        )
    return f"{_EXECUTIONS[public_id.partition('-')[0]]}/{public_id}"


def is_execution_id(text: str) -> bool:
    """Whether a text has the form of a run's id."""
    return text.partition("-")[0] in _EXECUTIONS and len(text) == 30 and text[4:].isalnum()


def _of_id(text: str) -> Kind | None:
    prefix, _, body = text.partition("-")
    return next((kind for kind in KINDS if kind.prefix == prefix and len(body) == 26), None)
