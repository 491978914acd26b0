"""The role of the reader, in one word."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_

from executions import policy
from executions.roles import Rank

_WORDS = {
    Rank.ADMIN: N_("Administrator"),
    Rank.SUPPORT: N_("Support"),
    Rank.VIEWER: N_("Viewer"),
}


def standing_of(user: policy.Person) -> str:
    """``Administrator``, ``Support``, ``Viewer`` or ``Member``, as it is shown below the name."""
    return _(_WORDS.get(policy.rank(user), N_("Member")))


def may_act(user: policy.Person) -> bool:
    """Whether this person may change anything at all: a viewer may not."""
    return not policy.is_viewer(user)
