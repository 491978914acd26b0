"""The supervisor's log: the children's lines and its own, merged; readable on a terminal, JSON
lines elsewhere.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from typing import Any, TextIO

from executions.supervisor.kept import Kept

SUPERVISOR = "stigmer"
_COLOURS = {"web": "36", "worker": "35", "redis": "31", "demo": "33", SUPERVISOR: "32"}
_LEVEL_COLOURS = {"warning": "33", "error": "31", "critical": "1;31"}
_LEFT_OUT = {"event", "level", "logger", "timestamp", "exception", "stack"}
NAME_WIDTH = 9


class Output:
    """Writes ``say(name, line)`` to ``stream``; a child's line may be a JSON record of
    ``executions.logs``. ``kept`` gets each as a JSON record, too.
    """

    def __init__(
        self, stream: TextIO | None = None, *, text: bool | None = None, kept: Kept | None = None
    ) -> None:
        self.stream = stream or sys.stderr
        self.kept = kept
        self.colour = self.stream.isatty()
        self.text = self.colour if text is None else text

    def say(self, name: str, line: str) -> None:
        """Write one line. If nobody listens any more (a closed terminal) it is dropped."""
        if not line.strip():
            return
        record = _record(line)
        whole = json.dumps({"process": name, **record})
        if self.kept is not None:
            self.kept.add(whole)
        written = self.readable(name, record) if self.text else whole
        try:
            self.stream.write(written + "\n")
            self.stream.flush()
        except (BrokenPipeError, OSError, ValueError):
            pass

    def readable(self, name: str, record: dict[str, Any]) -> str:
        """A record as a terminal shows it."""
        clock = _time_of(record)
        prefix = self._painted(f"{name:<{NAME_WIDTH}}", _COLOURS.get(name.split("-")[0], "37"))
        event = self._painted(
            str(record.get("event", "")), _LEVEL_COLOURS.get(str(record.get("level", "")), "")
        )
        fields = " ".join(f"{key}={value}" for key, value in record.items() if key not in _LEFT_OUT)
        trace = _trace(record)
        return (
            f"{self._painted(clock, '2')} {prefix}"
            f" {event}{'  ' + self._painted(fields, '2') if fields else ''}{trace}"
        )

    def _painted(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and code and text else text


def _time_of(record: dict[str, Any]) -> str:
    """When it was written, by the clock of this machine; now where it does not say."""
    try:
        written = datetime.fromisoformat(str(record.get("timestamp", "")))
    except ValueError:
        return time.strftime("%H:%M:%S")
    return written.astimezone().strftime("%H:%M:%S")


def _record(line: str) -> dict[str, Any]:
    if line.startswith("{"):
        try:
            record = json.loads(line)
            if isinstance(record, dict) and "event" in record:
                return record
        except ValueError:
            pass
    return {"event": line, "level": "info", "timestamp": datetime.now(UTC).isoformat()}


def _trace(record: dict[str, Any]) -> str:
    """The last error of a record in one short line below it; the whole of it is in the JSON
    form.
    """
    errors = record.get("exception")
    if not isinstance(errors, list) or not errors:
        return f"\n{errors}" if errors else ""
    frames = errors[0].get("frames") or [{}]
    where = f"{frames[-1].get('filename', '?')}:{frames[-1].get('lineno', '?')}"
    return f"\n          {errors[0].get('exc_type')}: {errors[0].get('exc_value')} ({where})"
