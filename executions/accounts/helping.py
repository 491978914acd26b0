"""An administrator helps an account, in the admin and at the command line."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User

from executions import audit


def end_sessions(user: User) -> int:
    """End all sessions of a person; how many there were. Their open pages and sockets close within
    two seconds.
    """
    sessions = list(UserSession.objects.filter(user=user))
    for each in sessions:
        each.end()
    return len(sessions)


def reset_second_factor(user: User, actor: User | None) -> int:
    """Forget the second factors of a person who lost theirs; how many there were."""
    many = int(Authenticator.objects.filter(user=user).delete()[0])
    end_sessions(user)
    audit.record_account("reset second factor", user.get_username(), actor, after={"many": many})
    return many
