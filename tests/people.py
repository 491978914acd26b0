"""People of a rank, as the doors give them to the verbs, and what one of them asks for."""

from __future__ import annotations

import time
from datetime import timedelta

from django.contrib.auth.models import Group, User

from executions import clock, policy
from executions.models import Execution, Proposal


def confirmed(user: User) -> User:
    """This person has just logged in, as far as the policy knows."""
    policy.confirm(user, time.time())
    return user


def in_group(user: User, name: str) -> User:
    """A member of this group, and logged in just now."""
    user.groups.add(Group.objects.get_or_create(name=name)[0])
    return confirmed(user)


def viewer(name: str = "vera") -> User:
    """Somebody who looks."""
    return in_group(User.objects.create_user(name), policy.VIEWERS_GROUP)


def wants_a_restore(execution: Execution) -> Proposal:
    """An administrator of the name “first” waits for a second person to restore this run."""
    first = User.objects.filter(username="first").first()
    return Proposal.objects.create(
        execution=execution,
        verb="restore",
        arguments={"checkpoint_seq": 0},
        reason="a test",
        phase=execution.phase,
        seq=execution.head_seq,
        asked_by=first or User.objects.create_superuser("first"),
        expires_at=clock.now() + timedelta(hours=1),
    )
