"""``stigmer completion SHELL``."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated

import typer

VARIABLE = "_STIGMER_COMPLETE"


class Shell(StrEnum):
    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(
    shell: Annotated[Shell, typer.Argument(help="Which shell.", show_default=False)],
) -> None:
    """Print what lets a shell complete commands: `eval "$(stigmer completion bash)"`."""
    from executions.cli.app import app

    # The variable of the scripts themselves: with it set the command prints instead of running.
    os.environ[VARIABLE] = f"source_{shell.value}"
    app([], prog_name="stigmer")
