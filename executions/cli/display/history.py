"""One line of an execution's history in words: what happened to which step, or to the run as a
whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from executions.cli.display.words import clock, moment, plain, step_of
from executions.journal.events import known
from executions.states import LOOK_OF_STATUS, Look, Tone

Entry = Mapping[str, Any]
Parts = list[tuple[str, str] | str]
# The look of an event of this tone.
_STYLES = {
    Tone.IDLE: "magenta",
    Tone.BUSY: "cyan",
    Tone.WAIT: "yellow",
    Tone.GOOD: "green",
    Tone.WARN: "yellow",
    Tone.BAD: "bold red",
}
_OF_ANOTHER_VERSION = Look("", "", Tone.IDLE, mark="·")
_OPTIONAL = re.compile(r"\[([^\]]*)\]")
_NAMED = re.compile(r"\{(\w+)\}")


def _of(payload: Mapping[str, Any], name: str) -> str:
    value = payload.get(name)
    if isinstance(value, float):
        return f"{value:g}"
    return plain(value) if value not in (None, "") else ""


def sentence(template: str, payload: Mapping[str, Any]) -> str:
    """An event's sentence with the parts of its payload; what stands in brackets is left out with
    its part.
    """

    def optional(match: re.Match[str]) -> str:
        return match[1] if all(_of(payload, name) for name in _NAMED.findall(match[1])) else ""

    whole = _OPTIONAL.sub(optional, template)
    return _NAMED.sub(lambda match: _of(payload, match[1]) or "…", whole)


def lines(entries: Sequence[Entry]) -> Iterator[Parts]:
    """The entries as lines, days apart with their zone. A step does not say again what an event
    tells about it.
    """
    covered_steps = {
        (entry.get("payload") or {}).get("step_name")
        for entry in entries
        if _tells_of_a_step(entry["name"])
    }
    last_day = datetime.now().astimezone().strftime("%Y-%m-%d")
    # Commits are what is numbered: the first one may carry the start and steps that finished at
    # once.
    for entry in sorted(entries, key=lambda each: bool(each["name"] != "WORKFLOW_STARTED")):
        if (
            entry["type"] == "step"
            and entry["name"] in covered_steps
            and entry.get("status") in ("FAILED", "SKIPPED")
        ):
            continue
        parts = line(entry)
        if parts is not None:
            day, last_day = day_of(entry, last_day)
            if day is not None:
                yield day
            yield parts


def day_of(entry: Entry, last_day: str) -> tuple[Parts | None, str]:
    """A line with the day and the zone where it is another day than ``last_day``; and that day.

    ``last_day`` is at first today, of which nothing has to be said.
    """
    at = moment(entry.get("at"))
    day = at.strftime("%Y-%m-%d") if at else last_day
    if at is None or day == last_day:
        return None, last_day
    return [(f"{day} ({at.strftime('%Z')})", "dim")], day


def line(entry: Entry) -> Parts | None:
    """The entry as parts of a line; None for what another line says better."""
    if entry["type"] == "event":
        return _event(entry)
    if entry["type"] == "decision":
        # Its event says the same, with who decided.
        return None
    status = plain(entry.get("status"))
    look = LOOK_OF_STATUS.get(status, _OF_ANOTHER_VERSION)
    if not look.mark:
        return None
    return [
        (clock(entry.get("at")), "dim"),
        "  ",
        (f"{look.mark} ", look.colour),
        step_of(entry.get("path")),
    ]


def _tells_of_a_step(name: str) -> bool:
    event = known(name)
    return event is not None and event.words.is_about_a_step


def _event(entry: Entry) -> Parts:
    name, payload = plain(entry["name"]), entry.get("payload") or {}
    event = known(name)
    mark, style = (event.words.mark, _STYLES[event.words.tone]) if event else ("·", "")
    step = _of(payload, "step_name")
    by = f" (by {plain(entry['actor'])})" if entry.get("actor") else ""
    reason = _of(payload, "reason")
    said = (
        sentence(event.words.sentence, payload) if event else name.removeprefix("WORKFLOW_").lower()
    )
    why = f": {reason}" if reason and reason not in said else ""
    text = f"{step}: {said}" if step else said
    return [(clock(entry.get("at")), "dim"), "  ", (f"{mark} ", style), (f"{text}{why}{by}", style)]
