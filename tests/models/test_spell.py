"""A spell of trouble is told when it begins and when it is over."""

from __future__ import annotations

import pytest

from executions.models.spell import Spell


def test_a_spell_is_told_twice_however_often_it_is_met(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    spell = Spell("pulse")
    spell.over("it answers again")
    for _ in range(1_000):
        spell.met(RuntimeError("locked"), "it does not answer")
    spell.over("it answers again")
    spell.over("it answers again")
    begun, over = (str(record.msg) for record in caplog.records)
    assert "it does not answer" in begun
    assert "it answers again" in over
    assert "'tries_in_vain': 1000" in over
