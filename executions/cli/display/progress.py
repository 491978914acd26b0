"""A run as it goes: its history line by line, and in a terminal a last line that says where it
stands now.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from executions.cli.display import history, standing
from executions.cli.display.screen import console, line_of
from executions.cli.display.words import STYLES, plain, pretty, step_of, took
from executions.cli.remote.stream import Update
from executions.journal.events import EventName

if TYPE_CHECKING:
    from rich.status import Status

BAR = 20


class Progress:
    """Shows updates one after the other; use it in a ``with``, so that the terminal is left as it
    was.
    """

    def __init__(self, *, heading: bool = True) -> None:
        self._out = console()
        self._status: Status | None = None
        self._heading = heading

    def __enter__(self) -> Progress:
        if self._out.is_terminal:
            self._status = self._out.status("connecting …", spinner="dots")
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def show(self, update: Update) -> None:
        """Print what is new; the end of a run with its output or its error."""
        if self._heading:
            self._heading = False
            self._out.print(heading(update.execution))
        for parts in history.lines(update.entries):
            self._out.print(line_of(*parts))
        if update.ended:
            if self._status is not None:
                self._status.stop()
            for text in ending(update.execution, update.entries):
                self._out.print(text)
        elif self._status is not None:
            self._status.update(now(update.execution))

    def say(self, text: str) -> None:
        """A word about the connection."""
        if self._status is not None:
            self._status.update(text)
        else:
            console(to_errors=True).print(text, style="dim")


def heading(run: Mapping[str, Any]) -> Any:
    subject = run["spec"]["workflow"] or run["spec"]["agent"]
    version = run["spec"]["version"]
    return line_of(
        (plain(run["metadata"]["id"]), "bold"),
        f"  {plain(subject)}",
        (f" version {version}", "dim"),
    )


def now(run: Mapping[str, Any]) -> Any:
    """The bar, and where it stands."""
    progress, status = run["status"]["progress"], run["status"]
    total, finished = progress["total"], progress["finished"]
    parts: history.Parts = []
    if total:
        filled = min(BAR, BAR * finished // total)
        parts = [("━" * filled, "cyan"), ("━" * (BAR - filled), "dim"), f" {finished}/{total}  "]
    return line_of(*parts, (standing.sentence(run), STYLES.get(status["phase"], "")))


def ending(run: Mapping[str, Any], entries: list[dict[str, Any]]) -> list[Any]:
    """How it ended: output, or the error and what to do next."""
    status = run["status"]
    phase = status["phase"]
    began = status["started_at"] or run["metadata"]["created_at"]
    after = f" after {took(began, status['ended_at'] or status['failed_at'])}"
    lines = [line_of((phase, STYLES.get(phase, "")), after)]
    if phase == "COMPLETED":
        return [*lines, line_of(pretty(status["output"]))]
    if phase == "FAILED":
        # The event said why, a line or two above.
        lines[0].append(
            f" at {step_of(status['current_step'])}"
            if reasons(entries)
            else standing.sentence(run)[6:]
        )
        if status["requires_manual_intervention"]:
            lines.append(line_of(("A person has to look at it.", "bold")))
    commands = standing.next_commands(run, may_skip=may_skip(entries))
    width = max((len(command) for command, _ in commands), default=0)
    return [
        *lines,
        *(
            line_of(f"  {command.ljust(width)}  ", (f"# {purpose}", "dim"))
            for command, purpose in commands
        ),
    ]


def may_skip(entries: list[dict[str, Any]]) -> bool:
    """Whether the last failure was of a step that is optional."""
    failures = reasons(entries)
    return bool(failures and failures[-1].get("can_skip"))


def reasons(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines about failed steps, oldest first."""
    return [
        entry.get("payload") or {} for entry in entries if entry["name"] == EventName.STEP_FAILED
    ]
