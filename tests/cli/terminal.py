"""The real command, as a person runs it: an own configuration folder, an own environment, no
terminal.

Most calls run the command's entry inside this process, which spares starting Python each time;
``apart`` and ``start`` run it as a process of its own.
"""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from unittest.mock import patch

from executions.cli import main
from tests.live import ROOT, command, environment
from tests.waiting import PATIENCE_SECONDS, START_SECONDS


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed and what it ended with."""

    code: int
    out: str
    err: str

    def __str__(self) -> str:
        return f"exit {self.code}\n{self.out}\n{self.err}"


@dataclass(frozen=True, slots=True)
class GoingOn:
    """A command that has not ended, and what it prints."""

    process: subprocess.Popen[str]
    out: IO[str]
    err: IO[str]


@dataclass(slots=True)
class Terminal:
    """Where a person types. ``home`` holds what `login` keeps; ``more`` are environment
    variables.
    """

    home: Path
    more: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str, stdin: str = "", **more: str) -> Said:
        out, err, code = io.StringIO(), io.StringIO(), 0
        with (
            patch.dict(os.environ, self.environment(**more), clear=True),
            patch.object(sys, "argv", ["stigmer", *arguments]),
            patch.object(sys, "stdin", io.StringIO(stdin)),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            try:
                main()
            except SystemExit as end:
                code = int(end.code or 0)
        return Said(code, out.getvalue(), err.getvalue())

    def apart(self, *arguments: str, stdin: str = "", **more: str) -> Said:
        """In a process of its own: what loads settings, and what ends the process by itself."""
        done = subprocess.run(
            command(*arguments),
            cwd=ROOT,
            env=self.environment(**more),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    @contextlib.contextmanager
    def start(self, *arguments: str, **more: str) -> Iterator[GoingOn]:
        """A command that goes on; its output can be read while it does.

        It is ended with the block if it has not come to its end by then.
        """
        with subprocess.Popen(
            command(*arguments),
            cwd=ROOT,
            env=self.environment(**more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None and process.stderr is not None
            try:
                yield GoingOn(process, process.stdout, process.stderr)
            finally:
                process.terminate()
                process.communicate(timeout=PATIENCE_SECONDS)

    def environment(self, **more: str) -> dict[str, str]:
        mine = {
            "XDG_CONFIG_HOME": str(self.home),
            "COLUMNS": "200",
            "TZ": "UTC",
            "PYTHONUNBUFFERED": "1",
        }
        return environment(self.home / "data") | mine | self.more | more
