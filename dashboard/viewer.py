"""Who is looking, in one word."""

from __future__ import annotations

from executions import policy
from executions.roles import Rank

_WORDS = {Rank.ADMIN: "Administrator", Rank.SUPPORT: "Support", Rank.VIEWER: "Viewer"}


def standing_of(user: policy.Person) -> str:
    """``Administrator``, ``Support``, ``Viewer`` or ``Member``, as it is shown below the name."""
    return _WORDS.get(policy.rank(user), "Member")


def may_act(user: policy.Person) -> bool:
    """Whether this person may change anything at all: a viewer may not."""
    return not policy.is_viewer(user)
