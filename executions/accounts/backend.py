"""The one check of a password, whichever form it came through: throttled, logged and audited.

The control room, Django's admin and whatever else calls ``django.contrib.auth.authenticate`` come
through here. Another backend (a library's) is throttled by putting ``Throttled`` before it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from asgiref.sync import sync_to_async
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from executions import audit
from executions.accounts import refused
from executions.accounts.throttle import TooManyTries, Try, looked_at, succeeded

if TYPE_CHECKING:
    _Backend = ModelBackend
else:
    _Backend = object

log = structlog.get_logger(__name__)
WAIT_SECONDS = "stigmer_wait_seconds"


class Throttled(_Backend):
    """Put before a backend. It never says None, after which Django would ask the next backend.

    A try that is not looked at raises TooManyTries, which a form shows, and leaves its wait on the
    request, for the status of the answer.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **more: Any,
    ) -> Any:
        if not username or password is None:
            raise PermissionDenied
        check = partial(super().authenticate, request, username=username, password=password, **more)
        user = check() if request is None else self._looked_at(request, username, check)
        if user is None:
            raise PermissionDenied
        return user

    async def aauthenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **more: Any,
    ) -> Any:
        return await sync_to_async(self.authenticate)(request, username, password, **more)

    def _looked_at(
        self, request: HttpRequest, username: str, check: Callable[[], AbstractBaseUser | None]
    ) -> AbstractBaseUser | None:
        made = Try.of(request, username)
        try:
            with looked_at(made):
                user = check()
        except TooManyTries as why:
            setattr(request, WAIT_SECONDS, why.wait_seconds)
            log.warning(
                "log-in", outcome="locked", wait_seconds=why.wait_seconds, **_where(made, request)
            )
            _tell_refused(why, made, username, request)
            raise
        if user is not None:
            succeeded(made)
        _tell(made, username, request, audit.FAILED if user is None else audit.DONE)
        return user


class PasswordBackend(Throttled, ModelBackend):
    """Django's own users and passwords."""


def _tell_refused(why: TooManyTries, made: Try, name: str, request: HttpRequest) -> None:
    """Audit what a lock refused.

    Beyond the first of a lock and its period the database is not asked: a guesser who is locked out
    costs next to nothing.
    """
    refused.count(why.key)
    if not refused.is_first(why.key):
        return
    # Other locks than the one of a name refuse whatever name is tried.
    account = _account(name)[1] if why.lock == "name" else audit.NOBODY
    refused.tell_first(refused.Refusal(why.lock, why.key, account, made.network, request.path))


def _account(name: str) -> tuple[User | None, str]:
    """Whose name it is.

    One that nobody has is not written down, since some people type their password there.
    """
    user = User.objects.filter(username=name).first()
    return user, name if user else audit.NOBODY


def _tell(made: Try, name: str, request: HttpRequest, outcome: str) -> None:
    """Log and audit a try that was looked at."""
    user, account = _account(name)
    tell = log.info if outcome == audit.DONE else log.warning
    tell("log-in", name=account, outcome=outcome, **_where(made, request))
    actor = user if outcome == audit.DONE else None
    after = {"address": made.network, "door": request.path}
    audit.record_account("log in", account, actor, outcome=outcome, after=after)


def _where(made: Try, request: HttpRequest) -> dict[str, object]:
    """``name_digest`` is the same for each try of one name."""
    return {"name_digest": made.name[:8], "address": made.network, "door": request.path}
