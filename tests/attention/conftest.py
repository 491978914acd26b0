"""Runs that failed alike, driven in the process of the test."""

from tests.dashboard.conftest import alice, begin, bob, drive, failed, process, support

__all__ = ["alice", "begin", "bob", "drive", "failed", "process", "support"]
