"""A child that may load its code at once but has to wait until the database is prepared."""

from __future__ import annotations

import os
import sys

GATED_VARIABLE = "STIGMER_GATED"


def wait_until_open() -> None:
    """Return at once, or, under a supervisor that said so, when it opens the gate; end quietly if
    it dies first.
    """
    if os.environ.pop(GATED_VARIABLE, "") and not sys.stdin.buffer.readline():
        raise SystemExit(0)
