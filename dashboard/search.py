"""What a person types above the list: ``status:failed owner:me after:2d label:team=red late parcel``."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.utils.timezone import get_current_timezone

from executions.states import Phase

NAMES = ("status", "owner", "workflow", "after", "before", "label", "step")
_PART = re.compile(r'(?:(?P<name>[a-z]+):)?(?:"(?P<quoted>[^"]*)"|(?P<bare>\S+))')
_SPAN = re.compile(r"(\d{1,5})(s|m|h|d|w)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_WORDS = {"running": Phase.IN_PROGRESS, "done": Phase.COMPLETED, "succeeded": Phase.COMPLETED, "error": Phase.FAILED}
_STATUSES = ", ".join(["attention", "running", *(phase.lower() for phase in Phase)])


@dataclass(slots=True)
class Search:
    """What was understood; ``problems`` are sentences about what was not, and what is left of it is no filter."""

    status: str = ""
    owner: str = ""
    workflow: str = ""
    step: str = ""
    labels: list[tuple[str, str | None]] = field(default_factory=list)
    after: datetime | None = None
    before: datetime | None = None
    text: str = ""
    problems: list[str] = field(default_factory=list)


def parse(typed: str, now: datetime) -> Search:
    """Never raises: a person is still typing."""
    found, words = Search(), []
    for part in _PART.finditer(typed):
        name, value = part["name"], part["quoted"] if part["quoted"] is not None else part["bare"]
        if name is None or name not in NAMES:
            # Addresses and times have colons too.
            words.append(f"{name}:{value}" if name else value)
        elif value:
            _READERS[name](found, value, now)
    found.text = " ".join(words).strip()
    return found


def _status(found: Search, value: str, now: datetime) -> None:
    word = value.lower()
    phase = _WORDS.get(word) or next((phase for phase in Phase if phase.lower() == word.replace("-", "_")), None)
    if phase is None and word != "attention":
        found.problems.append(f"There is no status “{value[:40]}”. Use one of {_STATUSES}.")
        return
    found.status = str(phase) if phase else "attention"


def _label(found: Search, value: str, now: datetime) -> None:
    key, equals, text = value.partition("=")
    found.labels.append((key, text if equals else None))


def _moment(name: str) -> Callable[[Search, str, datetime], None]:
    def read(found: Search, value: str, now: datetime) -> None:
        moment = _when(value, now)
        if moment is None:
            found.problems.append(f"“{name}:{value[:40]}” is no time. Write 2d, 3h, 30m or a date such as 2026-11-20.")
        setattr(found, name, moment)

    return read


def _when(value: str, now: datetime) -> datetime | None:
    """A span before now, or a day (its beginning in the zone of the page), or a moment."""
    span = _SPAN.fullmatch(value)
    try:
        if span is not None:
            return now - timedelta(**{_UNITS[span[2]]: int(span[1])})
        if len(value) <= 10:
            return datetime.combine(date.fromisoformat(value), time.min, get_current_timezone())
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo else moment.replace(tzinfo=get_current_timezone())
    except (ValueError, OverflowError):
        return None


def _text(name: str) -> Callable[[Search, str, datetime], None]:
    return lambda found, value, now: setattr(found, name, value)


_READERS: dict[str, Callable[[Search, str, datetime], None]] = {
    "status": _status,
    "label": _label,
    "after": _moment("after"),
    "before": _moment("before"),
    **{name: _text(name) for name in ("owner", "workflow", "step")},
}
