"""The roles of a person: to one execution, and in the whole installation."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """Decides what a person may do to an execution, and which fragments of its page they get."""

    NOBODY = "nobody"
    OWNER = "owner"
    VIEWER = "viewer"
    SUPPORT = "support"
    ADMIN = "admin"


class Rank(StrEnum):
    """The rank of a person, whichever execution is looked at. The strongest one counts."""

    NOBODY = "nobody"
    USER = "user"
    VIEWER = "viewer"
    SUPPORT = "support"
    ADMIN = "admin"


# The groups that give a rank; every other group is one that may own workflows and agents.
SUPPORT_GROUP = "Support"
VIEWERS_GROUP = "Viewers"
RANK_OF_GROUP = {SUPPORT_GROUP: Rank.SUPPORT, VIEWERS_GROUP: Rank.VIEWER}
