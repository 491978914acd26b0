"""The follower by a socket's handshake: a token in its header, else a session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from django.contrib.auth.models import User

from executions import policy, tokens
from executions.api.finding import PREFIXES
from executions.api.live.follower import Follower
from executions.clients.rates import guessed
from executions.ids import parse_public_id
from executions.live.closing import Close
from executions.models import ApiToken


def has_token(scope: Mapping[str, Any]) -> bool:
    """Whether a handshake carries a header Authorization: it alone counts then, and no cookie."""
    return any(name == b"authorization" for name, _ in scope["headers"])


def of_socket(scope: Mapping[str, Any], kind: str, public_id: str) -> Follower | Close:
    """The follower behind a socket's handshake, or the code to close it with."""
    token = _sent_token(scope) if has_token(scope) else None
    user = token.owner if token else None if has_token(scope) else scope.get("user")
    if has_token(scope) and token is None and guessed(str((scope.get("client") or [""])[0])):
        return Close.TOO_MANY
    if not isinstance(user, User) or not user.is_active:
        return Close.SIGNED_OUT
    key = parse_public_id(public_id, PREFIXES[kind])
    if key is None or not policy.visible_executions(user).filter(kind=kind, pk=key).exists():
        return Close.NOTHING_HERE
    session_key = getattr(scope.get("session"), "session_key", None) or ""
    return Follower(user, token, session_key, key)


def _sent_token(scope: Mapping[str, Any]) -> ApiToken | None:
    method, _, secret = dict(scope["headers"])[b"authorization"].decode("latin-1").partition(" ")
    token = tokens.recognise(secret.strip()) if method.lower() == "bearer" else None
    return token if token is not None and tokens.allows(token, "read") else None


def after_of(scope: Mapping[str, Any]) -> int | None:
    """The sequence in the query ``after``; None where there is none that can be read."""
    text = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("after", [""])[0]
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None
