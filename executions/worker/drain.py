"""A drained worker takes nothing new and finishes what it drives.

It goes on with what it does for the whole installation: its heartbeat, the sweep, events, notices.
"""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from executions.worker.slots import Slots
from executions.worker.solo import Solo
from executions.worker.taker import Taker
from executions.worker.turns import Turns

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Drain:
    """All by which a worker comes to a run."""

    slots: Slots
    solo: Solo
    turns: Turns
    taker: Taker

    def switch(self, is_drained: bool) -> None:
        """Take nothing new from now on, or take work again."""
        self.slots.take_nothing_new(is_drained)
        self.solo.take_nothing_new(is_drained)
        if is_drained:
            self.turns.leave_to_others()
            log.warning("drained: it takes nothing new and finishes what it drives")
        else:
            self.taker.look()
            log.info("resumed: it takes work again")
