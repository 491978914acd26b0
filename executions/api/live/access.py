"""Who may follow what: asked when a connection opens and again while it is open."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from django.contrib.auth.models import User

from executions import policy, tokens
from executions.api.finding import PREFIXES
from executions.api.live.subscriber import Subscriber
from executions.ids import parse_public_id
from executions.models import ApiToken, Execution

SIGNED_OUT, NOTHING_HERE = 4401, 4404


def follower(user: User, token: ApiToken | None, execution_id: uuid.UUID) -> Subscriber:
    """One who may follow; checked before."""
    name = f"{user.username} ({'token …' + token.last_characters if token else 'session'})"
    return Subscriber(name, user, execution_id, _still_allowed(user, token, execution_id))


def _still_allowed(user: User, token: ApiToken | None, execution_id: uuid.UUID) -> Callable[[], bool]:
    """Asks the database anew: the token may be revoked, the user dismissed, the execution another's."""

    def still_allowed() -> bool:
        fresh = User.objects.filter(pk=user.pk, is_active=True).first()
        if fresh is None or (token is not None and not ApiToken.objects.usable().filter(pk=token.pk).exists()):
            return False
        return policy.visible_executions(fresh).filter(pk=execution_id).exists()

    return still_allowed


def of_socket(scope: Mapping[str, Any], kind: str, public_id: str) -> Subscriber | int:
    """The follower behind a socket's handshake, or the code to close it with. A header Authorization counts alone."""
    header = dict(scope["headers"]).get(b"authorization")
    token: ApiToken | None = None
    if header is not None:
        method, _, secret = header.decode("latin-1").partition(" ")
        token = tokens.recognise(secret.strip()) if method.lower() == "bearer" else None
        if token is None or not tokens.allows(token, "read"):
            return SIGNED_OUT
        user: Any = token.owner
    else:
        user = scope.get("user")
    if not isinstance(user, User) or not user.is_active:
        # channels wraps the user of a session lazily.
        if not getattr(user, "is_authenticated", False) or not user.is_active:
            return SIGNED_OUT
        user = User.objects.get(pk=user.pk)
    key = parse_public_id(public_id, PREFIXES[kind])
    rows = policy.visible_executions(user).filter(kind=kind, pk=key) if key else Execution.objects.none()
    execution_id = rows.values_list("pk", flat=True).first()
    return NOTHING_HERE if execution_id is None else follower(user, token, execution_id)


def after_of(scope: Mapping[str, Any]) -> int | None:
    """The sequence in the query ``after``; None where there is none that can be read."""
    text = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("after", [""])[0]
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None
