"""Asking the person at the keyboard, before something is done that they may regret."""

from __future__ import annotations

import sys

import typer

from executions.cli.exits import CommandError, ExitCode


def confirm(question: str, yes: bool, *, otherwise: str) -> None:
    """Go on where ``--yes`` was given or the answer is yes.

    Raises CommandError (``otherwise``) where it is no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandError("Nobody is there to be asked.", remedy="Add --yes.", code=ExitCode.USAGE)
    if not typer.confirm(question, err=True):
        raise CommandError(otherwise)
