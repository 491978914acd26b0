"""The ``stigmer`` command. Each subcommand imports what it needs when it runs, so that ``--help`` is immediate."""

from __future__ import annotations

import sys


def main() -> None:
    """Entry of the console script: an error is a line, one more for each finding, and an exit code; no traceback."""
    from executions.cli.app import app
    from executions.cli.display.words import plain
    from executions.cli.exits import code_of
    from executions.errors import StigmerError

    try:
        app(prog_name="stigmer")
    except StigmerError as error:
        print(f"stigmer: {error}", file=sys.stderr)
        for finding in map(str, getattr(error, "findings", ())):
            if finding.partition(": ")[2].rstrip(".") not in str(error):
                print(f"  {plain(finding)}", file=sys.stderr)
        raise SystemExit(code_of(error)) from None
