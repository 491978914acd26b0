"""The text that a person types above the list: ``status:failed owner:me after:2d label:team=red
late parcel``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from difflib import get_close_matches
from typing import Any

from django.utils.timezone import get_current_timezone

from executions import spans
from executions.searching.search import ATTENTION, Search
from executions.states import Phase

_PART = re.compile(r'(?:(?P<name>[a-z]+):)?(?:"(?P<quoted>[^"]*)"|(?P<bare>\S+))')
_WORDS = {
    "running": Phase.IN_PROGRESS,
    "done": Phase.COMPLETED,
    "succeeded": Phase.COMPLETED,
    "error": Phase.FAILED,
}
_STATUSES = ", ".join([ATTENTION, "running", *(phase.lower() for phase in Phase)])
SHOWN_CHARACTERS = 40
HELP = (
    "Words, and any of status:, owner:, workflow:, agent:, kind:, step:, cause:, schedule:, label:,"
    " after: and before:."
)
_KINDS = ("workflow", "agent")


@dataclass(frozen=True, slots=True)
class Typed:
    """``problems`` are sentences about what was not understood; what they name filters nothing."""

    search: Search
    problems: tuple[str, ...] = ()


class NotUnderstood(ValueError):
    """Its text is a sentence for the person who typed."""


def parse(typed: str, now: datetime) -> Typed:
    """Never raises: a person is still typing. The last of a filter that is given twice counts."""
    filters: dict[str, Any] = {}
    words, problems = [], []
    for part in _PART.finditer(typed):
        name, value = part["name"], part["quoted"] if part["quoted"] is not None else part["bare"]
        if name is None or name not in _READERS:
            # Addresses and times have colons too.
            words.append(f"{name}:{value}" if name else value)
            if meant := _meant(name or ""):
                problems.append(
                    f"There is no filter “{name}:”, so it was looked for as a word. Did you mean"
                    f" {meant}:?"
                )
        elif value:
            try:
                _merge(filters, _READERS[name](value, now))
            except NotUnderstood as problem:
                problems.append(str(problem))
    return Typed(Search(**filters, text=" ".join(words).strip()), tuple(problems))


def _meant(name: str) -> str:
    """The filter that is nearest to a name that is none; empty where none is near."""
    return next(iter(get_close_matches(name, _READERS, 1, 0.7)), "")


def _merge(filters: dict[str, Any], read: dict[str, Any]) -> None:
    for name, value in read.items():
        filters[name] = (*filters.get(name, ()), *value) if name == "labels" else value


def _status(value: str, now: datetime) -> dict[str, Any]:
    word = value.lower()
    if word == ATTENTION:
        return {"needs_attention": True, "phases": ()}
    alike = (phase for phase in Phase if phase.lower() == word.replace("-", "_"))
    phase = _WORDS.get(word) or next(alike, None)
    if phase is None:
        raise NotUnderstood(
            f"There is no status “{value[:SHOWN_CHARACTERS]}”. Use one of {_STATUSES}."
        )
    return {"phases": (str(phase),), "needs_attention": None}


def _kind(value: str, now: datetime) -> dict[str, Any]:
    """Runs of workflows, or of agents."""
    word = value.lower().removesuffix("s")
    if word not in _KINDS:
        raise NotUnderstood(
            f"There is no kind “{value[:SHOWN_CHARACTERS]}”. Use one of {', '.join(_KINDS)}."
        )
    return {"kind": word}


def _label(value: str, now: datetime) -> dict[str, Any]:
    key, equals, text = value.partition("=")
    return {"labels": ((key, text if equals else None),)}


def _moment(name: str) -> Callable[[str, datetime], dict[str, Any]]:
    def read(value: str, now: datetime) -> dict[str, Any]:
        moment = _when(value, now)
        if moment is None:
            raise NotUnderstood(
                f"“{name}:{value[:SHOWN_CHARACTERS]}” is no time. Write 2d, 3h, 30m or a date such"
                " as 2026-11-20."
            )
        return {name: moment}

    return read


def _when(value: str, now: datetime) -> datetime | None:
    """A span before now, or a day (its beginning in the zone of the page), or a moment."""
    span = spans.read(value)
    try:
        if span is not None:
            return now - span
        if len(value) <= 10:
            day = date.fromisoformat(value)
            return datetime.combine(day, time.min, get_current_timezone())
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo else moment.replace(tzinfo=get_current_timezone())
    except (ValueError, OverflowError):
        return None


def _text(name: str) -> Callable[[str, datetime], dict[str, Any]]:
    return lambda value, now: {name: value}


_READERS: dict[str, Callable[[str, datetime], dict[str, Any]]] = {
    "status": _status,
    "label": _label,
    "after": _moment("after"),
    "before": _moment("before"),
    "owner": _text("owner"),
    "workflow": _text("subject"),
    "agent": _text("agent"),
    "kind": _kind,
    "step": _text("step"),
    "cause": _text("cause"),
    "schedule": _text("schedule"),
}
