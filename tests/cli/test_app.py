"""The command as a whole: what it loads, what it lists, what is written about it."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer
from typer.core import TyperGroup

from executions.cli.app import app
from executions.cli.chapters import CHAPTERS
from tests.live import ROOT

HEAVY = ("django", "httpx", "rich", "pydantic", "yaml", "structlog", "redis")


def commands() -> list[str]:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return list(group.commands)


def test_help_loads_nothing_that_takes_its_time() -> None:
    script = (
        "import sys\nfrom executions.cli.app import app\ntry:\n    app(['--help'],"
        " prog_name='stigmer')\nexcept SystemExit as end:\n    assert end.code =="
        f" 0\nprint('LOADED', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.stdout.splitlines()[-1] == "LOADED []", done


def test_every_command_stands_in_a_chapter_of_the_help() -> None:
    assert sorted(commands()) == sorted(name for names in CHAPTERS.values() for name in names)


@pytest.mark.parametrize("name", commands())
def test_every_command_is_documented(name: str) -> None:
    assert f"`{name}" in (ROOT / "docs" / "cli.md").read_text()


def test_the_version_is_an_option_as_well() -> None:
    from typer.testing import CliRunner

    from stigmer_site import __version__

    answer = CliRunner().invoke(app, ["--version"])
    assert (answer.exit_code, answer.output.strip()) == (0, __version__)
