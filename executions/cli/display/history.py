"""One line of an execution's history in words: what happened to which step, or to the run as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from executions.cli.display.words import STYLES, clock, plain, step_of

Entry = Mapping[str, Any]
Parts = list[tuple[str, str] | str]
MARKS = {
    "WAITING": "…",
    "SUCCEEDED": "✓",
    "SKIPPED": "»",
    "FAILED": "✗",
    "CANCELLED": "■",
}


def _of(payload: Mapping[str, Any], name: str) -> str:
    value = payload.get(name)
    return plain(value) if value not in (None, "") else ""


def _retrying(payload: Mapping[str, Any]) -> str:
    delay = payload.get("delay_seconds")
    wait = f"{delay:g} s" if isinstance(delay, int | float) else "a while"
    rule = _of(payload, "rule")
    return f"attempt {_of(payload, 'attempt')} failed{f' ({rule})' if rule else ''}, next one in {wait}"


def _recovered(payload: Mapping[str, Any]) -> str:
    version = _of(payload, "version")
    return f"goes on with version {version}" if version else "recovered from the last checkpoint"


# Name of the event → mark, style, what to say. Those that are not here are shown by their name.
_EVENTS: dict[str, tuple[str, str, Callable[[Mapping[str, Any]], str]]] = {
    "WORKFLOW_STARTED": ("▶", "", lambda payload: "started"),
    "WORKFLOW_STEP_RETRYING": ("↻", "yellow", _retrying),
    "WORKFLOW_STEP_FAILED": ("✗", "bold red", lambda payload: f"failed: {_of(payload, 'reason')}"),
    "WORKFLOW_STEP_SKIPPED": ("»", "blue", lambda payload: "skipped"),
    "WORKFLOW_RETRIED": ("↺", "cyan", lambda payload: "retry"),
    "WORKFLOW_RECOVERED": ("↺", "cyan", _recovered),
    "WORKFLOW_RECOVERY_FAILED": ("✗", "bold red", lambda payload: f"recovery failed: {_of(payload, 'reason')}"),
    "WORKFLOW_RESTORED": ("↺", "cyan", lambda payload: "restored to an earlier checkpoint"),
    "WORKFLOW_RESTORE_UNDONE": ("↺", "cyan", lambda payload: "the restore was undone"),
    "WORKFLOW_OVERRIDDEN": ("!", "yellow", lambda payload: f"overridden: {_of(payload, 'after')}"),
    "WORKFLOW_NEEDS_DECISION": ("?", "yellow", lambda payload: "needs a decision: nobody knows whether it happened"),
    "WORKFLOW_DECIDED": ("↺", "cyan", lambda payload: f"decided: {_of(payload, 'choice')}"),
    "WORKFLOW_PAUSED": ("‖", "yellow", lambda payload: "paused"),
    "WORKFLOW_RESUMED": ("▶", "cyan", lambda payload: "resumed"),
    "WORKFLOW_COMPLETED": ("✓", "green", lambda payload: "completed"),
    "WORKFLOW_CANCELLED": ("■", "magenta", lambda payload: "cancelled"),
    "WORKFLOW_TERMINATED": ("■", "magenta", lambda payload: "terminated"),
    "WORKFLOW_RUNNER_SILENT": ("?", "yellow", lambda payload: "its external runner is silent"),
    "WORKFLOW_FOUND_LOST": ("!", "yellow", lambda payload: f"found lost and put back to work: {_of(payload, 'why')}"),
}

_TELL_OF_A_STEP = frozenset({"WORKFLOW_STEP_FAILED", "WORKFLOW_STEP_SKIPPED"})


def lines(entries: Sequence[Entry]) -> Iterator[Parts]:
    """The entries as lines. What an event tells about a step is not said again by the step itself."""
    told = {(entry.get("payload") or {}).get("step_name") for entry in entries if entry["name"] in _TELL_OF_A_STEP}
    # Commits are what is numbered: the first one may carry the start and steps that finished at once.
    for entry in sorted(entries, key=lambda each: bool(each["name"] != "WORKFLOW_STARTED")):
        if entry["type"] == "step" and entry["name"] in told and entry.get("status") in ("FAILED", "SKIPPED"):
            continue
        parts = line(entry)
        if parts is not None:
            yield parts


def line(entry: Entry) -> Parts | None:
    """The entry as parts of a line; None for what another line says better."""
    if entry["type"] == "event":
        return _event(entry)
    if entry["type"] == "decision":
        # Its event says the same, with who decided.
        return None
    status = plain(entry.get("status"))
    if status in ("RUNNING", "RETRYING"):
        return None
    style = STYLES.get(status, "")
    return [(clock(entry.get("at")), "dim"), "  ", (f"{MARKS.get(status, '·')} ", style), step_of(entry.get("path"))]


def _event(entry: Entry) -> Parts:
    name, payload = plain(entry["name"]), entry.get("payload") or {}
    mark, style, say = _EVENTS.get(name, ("·", "", lambda payload: name.removeprefix("WORKFLOW_").lower()))
    step = _of(payload, "step_name")
    by = f" (by {plain(entry['actor'])})" if entry.get("actor") else ""
    reason = _of(payload, "reason")
    said = say(payload)
    why = f": {reason}" if reason and reason not in said else ""
    text = f"{step}: {said}" if step else said
    return [(clock(entry.get("at")), "dim"), "  ", (f"{mark} ", style), (f"{text}{why}{by}", style)]
