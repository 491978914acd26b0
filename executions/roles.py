"""What a person can be to one execution."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """Decides what a person may do to an execution, and which fragments of its page they get."""

    NOBODY = "nobody"
    OWNER = "owner"
    SUPPORT = "support"
    ADMIN = "admin"
