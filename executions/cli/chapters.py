"""The list of commands in chapters, as `stigmer --help` prints it."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

from executions.verbs.rows import with_commands

CHAPTERS = {
    "Start": ("up", "login", "logout", "server", "new"),
    "Workflows, agents, runs": (
        "apply",
        "validate",
        "run",
        "chat",
        "say",
        "take-back",
        "logs",
        "respond",
        "approve",
        "agree",
        "turn-down",
        "list",
        "search",
        "get",
        "describe",
        "export",
        "replay",
        "stack",
        "hand-over",
        "objective",
        "delete",
        "schedules",
    ),
    "Act on a run": (*(verb.slug for verb in with_commands()), "bulk"),
    "This installation": (
        "doctor",
        "audit",
        "backup",
        "prune",
        "import",
        "vacuum",
        "workers",
        "workspaces",
        "repair",
        "migrate",
        "check",
        "worker",
        "web",
        "demo",
        "logins",
        "administrator",
        "user",
    ),
    "Events and notices": ("emit", "signal", "sources", "sinks", "channels"),
    "Other": ("token", "completion", "version"),
}


class Chapters(TyperGroup):
    """Commands that are in no chapter come last."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        commands = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        placed = {name for names in CHAPTERS.values() for name in names}
        others = tuple(name for name in commands if name not in placed)
        for title, names in {**CHAPTERS, "More": others}.items():
            rows = [
                (name, command.get_short_help_str(80))
                for name in names
                if (command := commands.get(name))
            ]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)
