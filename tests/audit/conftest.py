"""A trail of five entries."""

from __future__ import annotations

import pytest

from executions import audit


@pytest.fixture
def entries() -> list[int]:
    """The ids of five entries, as they were written."""
    return [
        audit.record_account(
            "log in", name, None, after={"tried": number, "from": ["192.0.2.1", 0.5, None]}
        ).pk
        for number, name in enumerate(("ann", "bob", "carl", "dora", "emil"))
    ]
