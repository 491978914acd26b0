"""The tabs of an execution's page: pages of their own, so that each has an address and Back
works.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_


@dataclass(frozen=True, slots=True)
class Tab:
    """``route`` is the name of its address."""

    word: str
    route: str


_GRAPH = Tab(N_("Graph"), "execution-graph")
_CONVERSATION = Tab(N_("Conversation"), "execution-conversation")
_TABS = (
    Tab(N_("Steps"), "execution"),
    _GRAPH,
    Tab(N_("Events"), "execution-events"),
    Tab(N_("Input and output"), "execution-values"),
    Tab(N_("Checkpoints"), "execution-checkpoints"),
    Tab(N_("Audit"), "execution-audit"),
)


def tabs_of(kind: str) -> tuple[Tab, ...]:
    """Those of a run of this kind: what an agent does is no graph, but a conversation."""
    is_agent = kind == "agent"
    tabs = (_CONVERSATION if is_agent and tab is _GRAPH else tab for tab in _TABS)
    return tuple(replace(tab, word=_(tab.word)) for tab in tabs)
