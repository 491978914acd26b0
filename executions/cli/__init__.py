"""The ``stigmer`` command. Each subcommand imports what it needs when it runs, so that ``--help`` is immediate."""

from __future__ import annotations

import sys


def main() -> None:
    """Entry of the console script: a start that fails is one line and exit code 1, never a traceback."""
    from executions.cli.app import app
    from executions.errors import StigmerError

    try:
        app(prog_name="stigmer")
    except StigmerError as error:
        print(f"stigmer: {error}", file=sys.stderr)
        raise SystemExit(1) from None
