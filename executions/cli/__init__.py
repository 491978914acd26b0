"""The ``stigmer`` command. Each subcommand imports what it needs when it runs, so that ``--help`` is immediate."""

from __future__ import annotations

import sys


def main() -> None:
    """Entry of the console script: an error is one line and an exit code (``exits``), never a traceback."""
    from executions.cli.app import app
    from executions.cli.exits import code_of
    from executions.errors import StigmerError

    try:
        app(prog_name="stigmer")
    except StigmerError as error:
        print(f"stigmer: {error}", file=sys.stderr)
        raise SystemExit(code_of(error)) from None
