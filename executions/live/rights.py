"""The hub looks each second, for all that is open, who is let in still and may follow what.

Rights end in many ways: a log-out, a role, a password, a token, an account, in the admin, by a
command, by hand in the database. So nobody announces it; a few queries find what changed.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Collection, Hashable, Iterable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.module_loading import import_string

from executions import policy
from executions.live.topics import HINTS, OWN, Topic
from executions.models import ApiToken
from executions.policy import Standing
from executions.roles import Role

Ask = Callable[[Callable[[], Any]], Awaitable[Any]]
_OWNED = ("id", "owner_id")
_OF_GROUPS = ("kind", "workflow__group_id", "agent__group_id")


@dataclass(frozen=True, slots=True)
class Credential:
    """With what somebody came in: a session of this user, or a token."""

    user_id: int
    session_key: str = ""
    token_id: uuid.UUID | None = None

    def person(self) -> policy.Person:
        """For whom it stands now; nobody where it has ended, or where its user is not let in."""
        if self.token_id is not None:
            usable = ApiToken.objects.usable().select_related("owner")
            token = usable.filter(pk=self.token_id).first()
            return AnonymousUser() if token is None else token.owner
        store = import_string(f"{settings.SESSION_ENGINE}.SessionStore")(self.session_key)
        user: policy.Person = get_user(SimpleNamespace(session=store))  # type: ignore[arg-type]
        return user


def permitted(user: policy.Person, topics: Iterable[Topic]) -> dict[str, Standing]:
    """The topics that this user may follow, and as what; others are left out."""
    asked = list(topics)
    ids = {topic.execution_id for topic in asked if topic.execution_id}
    rows = policy.visible_executions(user).filter(pk__in=ids)
    if policy.rank_reads_masked(user):
        rows = rows.select_related("workflow", "agent").only(*_OWNED, *_OF_GROUPS)
    else:
        rows = rows.only(*_OWNED)
    roles = {row.pk: policy.standing(user, row) for row in rows} if ids else {}
    allowed: dict[str, Standing] = {}
    for topic in asked:
        if topic.execution_id is not None:
            if topic.execution_id in roles:
                allowed[topic.name] = roles[topic.execution_id]
        elif topic.kind in HINTS or (topic.kind in OWN and topic.user_id == user.pk):
            allowed[topic.name] = Standing(Role.OWNER)
    return allowed


def standings(credentials: Collection[Credential]) -> dict[Credential, Hashable]:
    """The worth of each credential, only to be compared."""
    ids = {each.user_id for each in credentials}
    columns = ("pk", "password", "is_active", "is_superuser")
    users = {row[0]: row for row in User.objects.filter(pk__in=ids).values_list(*columns)}
    groups: dict[int, set[str]] = {}
    memberships = User.groups.through.objects.filter(user_id__in=ids)
    for user_id, name in memberships.values_list("user_id", "group__name"):
        groups.setdefault(user_id, set()).add(name)
    sessions = _open_sessions({each.session_key for each in credentials if each.session_key})
    tokens = _usable_tokens({each.token_id for each in credentials if each.token_id is not None})
    return {
        each: (
            users.get(each.user_id),
            frozenset(groups.get(each.user_id, ())),
            each.session_key in sessions,
            each.token_id in tokens,
        )
        for each in credentials
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
