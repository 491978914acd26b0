"""Log-outs, kept in the audit trail, whichever door a person leaves by."""

from __future__ import annotations

from typing import Any

import structlog
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_out
from django.db import Error
from django.dispatch import receiver
from django.http import HttpRequest

from executions import audit

VERB = "log out"
log = structlog.get_logger(__name__)


@receiver(user_logged_out)
def record_logout(request: HttpRequest | None, user: Any, **_: Any) -> None:
    """Keep it; a session that had nobody any more says nothing."""
    if not isinstance(user, User):
        return
    after = {"door": request.path} if request is not None else None
    try:
        audit.record_account(VERB, user.get_username(), user, after=after)
    except (Error, audit.KeyUnreadable) as problem:
        # Nobody is kept from leaving.
        log.warning("a log-out could not be audited", problem=str(problem).strip())
