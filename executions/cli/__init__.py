"""The ``stigmer`` command.

Each subcommand imports what it needs when it runs, so that ``--help`` is immediate.
"""

from __future__ import annotations

import sys
import traceback


def start() -> None:
    """Entry of the console script and of ``python -m executions.cli``: ``main``, wherever it is
    started.
    """
    from executions.cli.first_process import leave_the_first_place

    leave_the_first_place()
    main()


def main() -> None:
    """Run the command line: an error is a line, one more for each finding, and an exit code.

    Standard error shows no token, whoever writes to it."""
    from executions.cli.discretion import discreet

    plain_stderr = sys.stderr
    sys.stderr = discreet(plain_stderr)
    try:
        _run()
    finally:
        sys.stderr = plain_stderr


def _run() -> None:
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
    except Exception:
        # A mistake of ours. It is shown while standard error is still discreet.
        traceback.print_exc()
        raise SystemExit(1) from None
