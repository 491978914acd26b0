"""The sealed children of this process end with each test of this room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from executions import sealed
from executions.sealed.process import SealedChild
from tests.sealed.programs import STEPPED_BACK


@pytest.fixture(autouse=True)
def _no_children_left_behind() -> Iterator[None]:
    yield
    sealed.configure(sealed.Limits())


@pytest.fixture(autouse=True)
def _who_steps_back_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    STEPPED_BACK.clear()
    step_back = SealedChild.step_back

    def seen(child: SealedChild) -> None:
        step_back(child)
        STEPPED_BACK.add(child.pid)

    monkeypatch.setattr(SealedChild, "step_back", seen)
