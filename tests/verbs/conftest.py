"""The verbs are tried on runs that are driven inside the test's own process."""

from tests.driving.conftest import (
    alice,
    begin,
    bob,
    drive,
    known_functions,
    later,
    ledger,
    process,
    server,
)

__all__ = [
    "alice",
    "begin",
    "bob",
    "drive",
    "known_functions",
    "later",
    "ledger",
    "process",
    "server",
]
