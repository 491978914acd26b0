"""The sealed children end with the tests of this room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from executions import sealed


@pytest.fixture(scope="module", autouse=True)
def _no_children_left_behind() -> Iterator[None]:
    yield
    sealed.close()
