"""Verdicts that need no socket: Retry-After and statuses."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from executions.calls.http.classify import is_transient, retry_after_seconds

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        (" 120 ", 120.0),
        ("Thu, 01 Jan 2026 12:01:30 GMT", 90.0),
        ("Thursday, 01-Jan-26 12:00:10 GMT", 10.0),
        ("Thu Jan  1 12:00:05 2026", 5.0),
        ("Thu, 01 Jan 2026 11:00:00 GMT", 0.0),
        ("9" * 40, 31_536_000.0),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("٣", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    assert retry_after_seconds(value, NOW) == seconds


def test_no_status_below_500_is_transient_but_three() -> None:
    assert [status for status in range(100, 500) if is_transient(status)] == [408, 425, 429]


def test_server_errors_are_transient_unless_the_server_cannot_ever() -> None:
    assert [status for status in range(500, 600) if not is_transient(status)] == [
        501,
        505,
        506,
        510,
        511,
    ]
