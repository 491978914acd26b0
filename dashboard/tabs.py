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


_GRAPH = Tab("Graph", "execution-graph")
_CONVERSATION = Tab("Conversation", "execution-conversation")
_TABS = (
    Tab("Steps", "execution"),
    _GRAPH,
    Tab("Events", "execution-events"),
    Tab("Input and output", "execution-values"),
    Tab("Checkpoints", "execution-checkpoints"),
    Tab("Audit", "execution-audit"),
)


def tabs_of(kind: str) -> tuple[Tab, ...]:
    """Those of a run of this kind: what an agent does is no graph, but a conversation."""
    if kind != "agent":
        return _TABS
    return tuple(_CONVERSATION if tab is _GRAPH else tab for tab in _TABS)
