"""Who is let in still: looked at each second for all open sockets and streams of a web process.

Rights end in many ways: a log-out, a role, a password, a token, an account, in the admin, by a
command, by hand in the database. So nobody announces it; a few queries find what changed.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.utils import timezone

from executions.models import ApiToken
from executions.policy import SUPPORT_GROUP

LOOK_SECONDS = 1.0
K = TypeVar("K", bound=Hashable)
Ask = Callable[[Callable[[], Any]], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Credential:
    """With what somebody came in: a session of this user, or a token."""

    user_id: int
    session_key: str = ""
    token_id: uuid.UUID | None = None


NO_CREDENTIAL = Credential(0)


class Watch(Generic[K]):
    """What was seen of each at the last look. Who is new, or stands differently now, is to be asked
    whether they are still let in."""

    def __init__(self) -> None:
        self._seen: dict[K, Hashable] = {}

    async def changed(self, watched: Mapping[K, Credential], ask: Ask) -> list[K]:
        """Those to ask, after a look at the database (with ``ask``)."""
        credentials = set(watched.values())
        now = await ask(lambda: standings(credentials)) if credentials else {}
        seen = {key: now[credential] for key, credential in watched.items()}
        found = [key for key, standing in seen.items() if self._seen.get(key) != standing]
        self._seen = seen
        return found


def standings(credentials: Iterable[Credential]) -> dict[Credential, Hashable]:
    """What each credential is worth, as something to compare: nothing more is meant by it."""
    given = list(credentials)
    ids = {each.user_id for each in given}
    users = {
        row[0]: row
        for row in User.objects.filter(pk__in=ids).values_list("pk", "password", "is_active", "is_superuser")
    }
    support = User.objects.filter(pk__in=ids, groups__name=SUPPORT_GROUP)
    supporting = set(support.values_list("pk", flat=True))
    sessions = _open_sessions({each.session_key for each in given if each.session_key})
    tokens = _usable_tokens({each.token_id for each in given if each.token_id is not None})
    return {
        each: (
            users.get(each.user_id),
            each.user_id in supporting,
            each.session_key in sessions,
            each.token_id in tokens,
        )
        for each in given
    }


def _open_sessions(keys: set[str]) -> set[str]:
    if not keys:
        return set()
    rows = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    return set(rows.values_list("session_key", flat=True))


def _usable_tokens(ids: set[uuid.UUID]) -> set[uuid.UUID]:
    if not ids:
        return set()
    return set(ApiToken.objects.usable().filter(pk__in=ids).values_list("pk", flat=True))
