"""The columns of each kind's table, and how one item fills them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from executions.cli.display.words import ago, plain, step_of, took

Item = Mapping[str, Any]
Columns = dict[str, Callable[[Item], str]]


def at(*path: str) -> Callable[[Item], str]:
    """The value at this path of keys, as one line."""

    def value(item: Item) -> str:
        part: Any = item
        for key in path:
            part = part.get(key) if isinstance(part, Mapping) else None
        return plain(part)

    return value


def _age(*path: str) -> Callable[[Item], str]:
    read = at(*path)
    return lambda item: ago(None if read(item) == "-" else read(item))


def _progress(item: Item) -> str:
    progress = item["status"]["progress"]
    return f"{progress['finished']}/{progress['total']}"


def _token_state(item: Item) -> str:
    return "revoked" if item["revoked_at"] else "active"


def _sink_state(item: Item) -> str:
    if not item["active"]:
        return "off"
    return "rests" if item["rests_until"] and item["problem"] else "active"


_RESOURCE: Columns = {
    "ID": at("metadata", "id"),
    "NAME": at("metadata", "slug"),
    "VERSION": at("spec", "version"),
    "OWNER": at("metadata", "owner"),
    "VISIBILITY": at("metadata", "visibility"),
    "AGE": _age("metadata", "created_at"),
    "TITLE": at("metadata", "name"),
}


def _run(subject: str) -> Columns:
    return {
        "ID": at("metadata", "id"),
        subject.upper(): at("spec", subject),
        "PHASE": at("status", "phase"),
        "DONE": _progress,
        "OWNER": at("metadata", "owner"),
        "AGE": _age("metadata", "created_at"),
        "STEP": lambda item: step_of(item["status"]["current_step"]),
        "REASON": lambda item: plain(item["status"]["failure_reason"]),
    }


_INSTANCE: Columns = {
    "ID": at("id"),
    "NAME": at("slug"),
    "DEFAULT": lambda item: "yes" if item["is_default"] else "no",
    "AGE": _age("created_at"),
    "DESCRIPTION": at("description"),
}
_VERSION: Columns = {
    "ID": at("id"),
    "NUMBER": at("number"),
    "BY": at("created_by"),
    "AGE": _age("created_at"),
    "DIGEST": lambda item: plain(item["digest"])[:12],
    "MESSAGE": at("message"),
}
STEPS: Columns = {
    "SEQ": at("seq"),
    "STEP": lambda item: step_of(item["path"]),
    "KIND": at("kind"),
    "STATUS": at("status"),
    "ATTEMPT": at("attempt"),
    "TOOK": lambda item: took(item["started_at"], item["finished_at"]),
    "ERROR": lambda item: error_of(item),
}
COLUMNS: dict[str, Columns] = {
    "workflow": _RESOURCE,
    "agent": _RESOURCE,
    "skill": _RESOURCE,
    "execution": _run("workflow"),
    "agent-execution": _run("agent"),
    "instance": _INSTANCE,
    "agent-instance": _INSTANCE,
    "version": _VERSION,
    "agent-version": _VERSION,
    "skill-version": _VERSION,
    "session": {
        "ID": at("id"),
        "AGENT": at("agent"),
        "OWNER": at("owner"),
        "AGE": _age("created_at"),
        "SUBJECT": at("subject"),
    },
    "step": {"ID": at("id"), **STEPS},
    "checkpoint": {
        "SEQ": at("seq"),
        "STEP": lambda item: step_of(item["path"]),
        "STATUS": at("status"),
        "AGE": _age("finished_at"),
    },
    "notification": {
        "ID": at("id"),
        "EVENT": at("event"),
        "RUN": at("execution_id"),
        "READ": lambda item: "yes" if item["read_at"] else "no",
        "AGE": _age("created_at"),
        "STEP": at("payload", "step_name"),
    },
    "approval": {
        "ID": at("id"),
        "QUESTION": at("prompt"),
        "OUTCOMES": lambda item: " ".join(outcome["name"] for outcome in item["outcomes"]),
        "OF": at("workflow"),
        "BY": at("started_by"),
        "AGE": _age("created_at"),
    },
    "group": {
        "NAME": at("name"),
        "RANK": lambda item: item["gives_rank"] or "",
        "MEMBERS": lambda item: " ".join(item["members"]),
    },
    "worker": {
        "ID": at("id"),
        "HOST": at("host"),
        "PID": at("pid"),
        "STATE": lambda item: "drained" if item["drained_at"] else "active",
        "DRIVES": lambda item: f"{item['held']}/{item['slots']}",
        "HEARD": _age("heartbeat_at"),
        "AGE": _age("started_at"),
        "VERSION": at("version"),
    },
    "proposal": {
        "ID": at("id"),
        "VERB": at("verb"),
        "RUN": at("execution_id"),
        "BY": at("asked_by"),
        "OUTCOME": at("outcome"),
        "AGE": _age("asked_at"),
        "REASON": at("reason"),
    },
    "event": {
        "ID": at("id"),
        "TYPE": at("type"),
        "SOURCE": at("source"),
        "HEARD": at("heard"),
        "AGE": _age("received_at"),
        "EVENT ID": at("event_id"),
    },
    "event-source": {
        "ID": at("id"),
        "NAME": at("name"),
        "TYPE": at("event_type"),
        "STATE": lambda item: "active" if item["active"] else "off",
        "HEARD": _age("heard_at"),
        "URL": at("url"),
    },
    "schedule": {
        "ID": at("id"),
        "NAME": at("name"),
        "STARTS": lambda item: plain(item["workflow"] or item["agent"]),
        "RULE": lambda item: plain(item["cron"] or item["every"]),
        "STATE": at("state"),
        "NEXT": at("next_due_at"),
        "LAST": at("last", "outcome"),
        "RUN": at("last", "phase"),
    },
    "occurrence": {
        "DUE": at("due_at"),
        "OUTCOME": at("outcome"),
        "RUN": at("execution_id"),
        "PHASE": at("phase"),
        "BY": at("triggered_by"),
        "SAID": at("said"),
    },
    "cause": {
        "CAUSE": at("cause"),
        "RUNS": at("count"),
        "LAST HOUR": lambda item: str(item["hours"][-1]),
        "FIRST": _age("first_at"),
        "LAST": _age("last_at"),
        "OF": lambda item: plain(item["workflow"] or item["agent"]),
        "STEP": lambda item: step_of(item["step"]),
        "WHO": at("assignee"),
        "REASON": at("reason"),
    },
    "bulk-run": {
        "ID": at("id"),
        "VERB": at("verb"),
        "PHASE": at("phase"),
        "RUNS": at("total"),
        "DONE": at("counts", "done"),
        "REFUSED": at("counts", "refused"),
        "BY": at("started_by"),
        "AGE": _age("created_at"),
        "WHAT": at("what"),
    },
    "visit": {
        "AGE": _age("at"),
        "NEW": at("events"),
        "KNOWN": at("known"),
        "REFUSED": at("reason"),
    },
    "sink": {
        "ID": at("id"),
        "NAME": at("name"),
        "STATE": _sink_state,
        "WAIT": at("waiting"),
        "GIVEN UP": at("given_up"),
        "HEARD": _age("sent_at"),
        "ADDRESS": at("address"),
        "PROBLEM": at("problem"),
    },
    "channel": {
        "ID": at("id"),
        "NAME": at("name"),
        "KIND": at("kind"),
        "OF": lambda item: plain(item["owner"] or "the server"),
        "STATE": _sink_state,
        "WHEN": at("rhythm"),
        "WAIT": at("waiting"),
        "GIVEN UP": at("given_up"),
        "SENT": _age("sent_at"),
        "ADDRESS": at("address"),
        "PROBLEM": at("problem"),
    },
    "message": {
        "TYPE": lambda item: item["type"].removeprefix("io.serverlessworkflow."),
        "RUN": at("execution_id"),
        "STATE": at("state"),
        "TRIES": at("tries"),
        "AGE": _age("created_at"),
        "PROBLEM": at("problem"),
    },
    "failed": {
        "RUN": at("execution_id"),
        "WORKFLOW": at("workflow"),
        "OWNER": at("owner"),
        "RETRIES": at("retry_count"),
        "AGE": _age("failed_at"),
        "STEP": lambda item: step_of(item["step"]),
        "REASON": at("reason"),
    },
    "token": {
        "ID": at("id"),
        "NAME": at("name"),
        "SCOPES": lambda item: plain(",".join(item["scopes"])),
        "STATE": _token_state,
        "EXPIRES": lambda item: plain((item["expires_at"] or "never")[:10]),
        "USED": lambda item: ago(item["last_used_at"]),
        "ENDS WITH": at("last_characters"),
    },
}


def rows(columns: Columns, items: list[dict[str, Any]]) -> list[list[str]]:
    """Empty texts stand as a dash, so that columns can be counted."""
    return [[cell(item) or "-" for cell in columns.values()] for item in items]


def error_of(step: Item) -> str:
    """A step's error in one line."""
    error = step.get("error")
    if not isinstance(error, Mapping):
        return ""
    return plain(error.get("detail") or error.get("title") or error.get("type"))
