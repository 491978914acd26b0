"""Commands that others wrote, in surroundings where they can do no harm.

A command (:class:`Command`) runs in a place (:class:`Place`): folders of its own, which are all
that it can write. Bubblewrap builds the walls (:mod:`executions.sandbox.walls`), a process of ours
watches each command and ends all of it (:mod:`executions.sandbox.keeper`), and what the walls
promise is tried before anything is run (:mod:`executions.sandbox.promises`).
"""

from __future__ import annotations

from executions.sandbox.command import Command, Ended, Limits, Spoiled, Why
from executions.sandbox.places import Place
from executions.sandbox.promises import PROMISES, Standing, standing
from executions.sandbox.running import run

__all__ = [
    "PROMISES",
    "Command",
    "Ended",
    "Limits",
    "Place",
    "Spoiled",
    "Standing",
    "Why",
    "run",
    "standing",
]
