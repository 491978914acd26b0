"""Who is looking, in one word."""

from __future__ import annotations

from executions import policy


def standing_of(user: policy.Person) -> str:
    """``Administrator``, ``Support`` or ``Member``, as it is shown below the name."""
    if policy.is_admin(user):
        return "Administrator"
    return "Support" if policy.is_support(user) else "Member"
