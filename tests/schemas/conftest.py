"""The sealed children of this process end with each test of this room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from executions import sealed


@pytest.fixture(autouse=True)
def _no_children_left_behind() -> Iterator[None]:
    yield
    sealed.configure(sealed.Limits())
