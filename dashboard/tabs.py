"""The tabs of an execution's page: pages of their own, so that each has an address and Back
works.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tab:
    """``route`` is the name of its address."""

    word: str
    route: str


TABS = (
    Tab("Timeline", "execution"),
    Tab("Graph", "execution-graph"),
    Tab("Events", "execution-events"),
    Tab("Input and output", "execution-values"),
    Tab("Checkpoints", "execution-checkpoints"),
    Tab("Audit", "execution-audit"),
)
