"""Who may follow what: asked when a connection opens and again while it is open."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.models import AnonymousUser, User
from django.utils.module_loading import import_string

from executions import policy, tokens
from executions.accounts.watch import Credential
from executions.api.finding import PREFIXES
from executions.api.live.subscriber import Subscriber
from executions.ids import parse_public_id
from executions.models import ApiToken, Execution
from executions.rates import guessed
from executions.sockets import Close


def follower(user: User, token: ApiToken | None, session_key: str, execution_id: uuid.UUID) -> Subscriber:
    """One who may follow, by a token or else by a session; checked before."""
    name = f"{user.username} ({'token …' + token.last_characters if token else 'session'})"

    def still_allowed() -> bool:
        """Asks anew: the token may be revoked, the session over, the user dismissed, the execution another's."""
        fresh = _by_session(session_key) if token is None else _by_token(token)
        return fresh == user and policy.visible_executions(fresh).filter(pk=execution_id).exists()

    credential = Credential(user.pk, "" if token else session_key, token.pk if token else None)
    return Subscriber(name, user, execution_id, still_allowed, credential)


def _by_token(token: ApiToken) -> policy.Person:
    fresh = ApiToken.objects.usable().select_related("owner").filter(pk=token.pk).first()
    return AnonymousUser() if fresh is None else fresh.owner


def _by_session(session_key: str) -> policy.Person:
    store = import_string(f"{settings.SESSION_ENGINE}.SessionStore")(session_key)
    found: policy.Person = get_user(SimpleNamespace(session=store))  # type: ignore[arg-type]
    return found


def has_token(scope: Mapping[str, Any]) -> bool:
    """Whether a handshake carries a header Authorization: then it alone counts, and cookies are not looked at."""
    return any(name == b"authorization" for name, _ in scope["headers"])


def of_socket(scope: Mapping[str, Any], kind: str, public_id: str) -> Subscriber | int:
    """The follower behind a socket's handshake, or the code to close it with."""
    token = _sent_token(scope) if has_token(scope) else None
    user = token.owner if token else None if has_token(scope) else scope.get("user")
    if has_token(scope) and token is None and guessed(str((scope.get("client") or [""])[0])):
        return Close.TOO_MANY
    if not isinstance(user, User) or not user.is_active:
        return Close.SIGNED_OUT
    key = parse_public_id(public_id, PREFIXES[kind])
    rows = policy.visible_executions(user).filter(kind=kind, pk=key) if key else Execution.objects.none()
    execution_id = rows.values_list("pk", flat=True).first()
    session_key = "" if token else getattr(scope.get("session"), "session_key", None) or ""
    return Close.NOTHING_HERE if execution_id is None else follower(user, token, session_key, execution_id)


def _sent_token(scope: Mapping[str, Any]) -> ApiToken | None:
    method, _, secret = dict(scope["headers"])[b"authorization"].decode("latin-1").partition(" ")
    token = tokens.recognise(secret.strip()) if method.lower() == "bearer" else None
    return token if token is not None and tokens.allows(token, "read") else None


def after_of(scope: Mapping[str, Any]) -> int | None:
    """The sequence in the query ``after``; None where there is none that can be read."""
    text = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("after", [""])[0]
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None
