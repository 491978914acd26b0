"""An installation that nothing runs on, and the commands that a person types there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.test import override_settings

from executions.backups import Made, Restored, back_up, restore
from stigmer_site.databases import from_url
from tests.cli.terminal import GoingOn, Said, Terminal


@dataclass(slots=True)
class Place:
    """``more`` are settings beside STIGMER_HOME."""

    home: Path
    more: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str, **more: str) -> Said:
        return self._terminal().apart(*arguments, **more)

    def start(self, *arguments: str) -> AbstractContextManager[GoingOn]:
        """A command that goes on until the end of the block."""
        return self._terminal().start(*arguments)

    def _terminal(self) -> Terminal:
        return Terminal(
            self.home.with_name("config"), {"STIGMER_HOME": str(self.home), **self.more}
        )

    def back_up(self, file: Path) -> Made:
        """As the command does, in this process."""
        with self.settings():
            return back_up(file)

    def restore(self, file: Path) -> Restored:
        with self.settings():
            return restore(file, lambda database, inside, seal: None)

    @contextmanager
    def settings(self) -> Iterator[None]:
        """Those that a command of this place would read."""
        entry = from_url(self.more.get("DATABASE_URL", ""), self.home)
        with (
            override_settings(STIGMER_HOME=self.home),
            patch.dict(settings.DATABASES, {"default": entry}),
        ):
            yield

    @property
    def database(self) -> Path:
        return self.home / "stigmer.sqlite3"

    def ask(self, sql: str, file: Path | None = None) -> list[Any]:
        """The rows of a query; what it changed is kept."""
        with closing(sqlite3.connect(file or self.database)) as connection, connection:
            return connection.execute(sql).fetchall()

    def names(self) -> list[str]:
        return sorted(path.name for path in self.home.iterdir() if "sqlite3" in path.name)


def note(value: str) -> str:
    """A statement that leaves something by which a database is known again, on either database."""
    return f"INSERT INTO executions_turn (name, value) VALUES ('{value}', '')"


NOTES = "SELECT name FROM executions_turn ORDER BY name"
