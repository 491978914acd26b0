"""``stigmer completion SHELL``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

VARIABLE = "_STIGMER_COMPLETE"


class Shell(StrEnum):
    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(shell: Annotated[Shell, typer.Argument(help="Which shell.", show_default=False)]) -> None:
    """Print what lets a shell complete commands: `eval "$(stigmer completion bash)"`."""
    from typer.completion import get_completion_script

    print(get_completion_script(prog_name="stigmer", complete_var=VARIABLE, shell=shell.value))
