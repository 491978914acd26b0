"""When the person behind a request proved last who they are: at the log-in, or with the password
given again. The rights that need it are in :mod:`executions.policy`.
"""

from __future__ import annotations

import time
from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from executions import policy
from executions.models import ApiToken

KEY = "confirmed_at"


@receiver(user_logged_in)
def note(request: HttpRequest | None, **_: Any) -> None:
    """Keep in the session that its person has just proved who they are."""
    if request is not None and hasattr(request, "session"):
        request.session[KEY] = time.time()


def by_session(request: HttpRequest, user: User) -> None:
    """Tell the policy when the person of this session proved last who they are."""
    at = request.session.get(KEY) if hasattr(request, "session") else None
    policy.confirm(user, float(at) if isinstance(at, int | float) else 0.0)


def by_token(token: ApiToken) -> None:
    """A token was made by somebody who had just logged in; later it counts as long as its owner has
    logged in recently.
    """
    made = token.created_at.timestamp()
    last = token.owner.last_login
    policy.confirm(token.owner, max(made, last.timestamp() if last else 0.0))
