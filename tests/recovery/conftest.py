"""Bells that nobody hears."""

from __future__ import annotations

import uuid

import pytest

from executions import dispatch


@pytest.fixture
def bells(monkeypatch: pytest.MonkeyPatch) -> list[uuid.UUID]:
    """The executions that were rung for; no queue hears it."""
    rung: list[uuid.UUID] = []

    def ring(execution_id: uuid.UUID, queue: str = "default", owner_id: int | None = None) -> bool:
        rung.append(execution_id)
        return True

    monkeypatch.setattr(dispatch, "ring", ring)
    return rung
