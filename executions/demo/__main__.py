"""``python -m executions.demo``: the demo shop in a process of its own."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from executions.demo.server import serve
from stigmer_site.listening import demo_port


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until told to stop; a port in use or a folder that cannot be written ends with one
    clear line.
    """
    home = Path(os.environ.get("STIGMER_HOME", "var"))
    parser = argparse.ArgumentParser(
        "stigmer demo", description="A shop that fails when you ask it to."
    )
    # `stigmer demo` runs this module with its own arguments still in place.
    parser.add_argument("command", nargs="?", choices=["demo"], help=argparse.SUPPRESS)
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: this machine only)"
    )
    parser.add_argument(
        "--port",
        type=int,
        default=demo_port(os.environ),
        help="0 takes a free port (default: %(default)s)",
    )
    parser.add_argument(
        "--folder", type=Path, default=home / "demo", help="where the ledger is kept (%(default)s)"
    )
    chosen = parser.parse_args(arguments)
    try:
        serve(chosen.host, chosen.port, chosen.folder)
    except OSError as error:
        sys.exit(
            f"the demo shop cannot start on {chosen.host}:{chosen.port} with {chosen.folder}:"
            f" {error.strerror}"
        )


if __name__ == "__main__":
    main()
