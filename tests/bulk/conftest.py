"""Runs that failed alike, driven in the process of the test."""

from tests.dashboard.conftest import (
    alice,
    as_,
    begin,
    bob,
    drive,
    failed,
    process,
    support,
)

__all__ = ["alice", "as_", "begin", "bob", "drive", "failed", "process", "support"]
