"""API tokens: made, shown once, recognised, revoked. The database keeps a digest only.

``stg_`` + 43 characters of base 62 (256 random bits) + ``_`` + six of a checksum: the prefix and
the checksum let scanners find a leaked token without asking anybody.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone

from executions import policy
from executions.errors import Refused
from executions.models import ApiToken
from executions.said import Said

PREFIX = "stg"
DEFAULT_DAYS, MOST_DAYS, MOST_TOKENS = 90, 3650, 100
# The scopes that each scope allows.
SCOPES: dict[str, frozenset[str]] = {
    "read": frozenset({"read"}),
    "run": frozenset({"run", "read"}),
    "act": frozenset({"act", "read"}),
    "admin": frozenset({"admin", "act", "run", "read"}),
    # For assistants (``/mcp``): to answer what runs ask, and to decide about their past. No other
    # scope holds it.
    "decide": frozenset({"decide", "read"}),
}
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_FORM = re.compile(rf"{PREFIX}_([0-9A-Za-z]{{43}})_([0-9A-Za-z]{{6}})")
# A use is noted at most this often: a write for each request would cost more than the request.
_NOTED_EVERY = timedelta(minutes=1)
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Minted:
    """A new token; ``secret`` is known now and never again."""

    token: ApiToken
    secret: str


def mint(
    owner: User, name: str, scopes: Iterable[str], *, days: int | None = DEFAULT_DAYS
) -> Minted:
    """Make a token for ``owner``; ``days`` None never expires.

    Raises Refused for what is not allowed.
    """
    wanted = sorted(set(scopes))
    _check(owner, name, wanted, days)
    body = _base62(secrets.randbits(256), 43)
    secret = f"{PREFIX}_{body}_{_checksum(body)}"
    token = ApiToken.objects.create(
        owner=owner,
        name=name.strip(),
        digest=_digest(secret),
        last_characters=secret[-6:],
        scopes=wanted,
        expires_at=None if days is None else timezone.now() + timedelta(days=days),
    )
    log.info("token made", token=token.public_id, owner=owner.pk, scopes=wanted)
    return Minted(token, secret)


def recognise(secret: str) -> ApiToken | None:
    """The usable token behind this text, with its owner; None for all others. Its use is noted."""
    if not is_well_formed(secret):
        return None
    token = ApiToken.objects.usable().select_related("owner").filter(digest=_digest(secret)).first()
    if token is not None:
        _note_use(token)
    return token


def is_well_formed(secret: str) -> bool:
    """Whether the text can be a token at all: its checksum fits."""
    match = _FORM.fullmatch(secret)
    return match is not None and secrets.compare_digest(_checksum(match[1]), match[2])


def allows(token: ApiToken, scope: str) -> bool:
    """Whether its scopes hold this one; those of a viewer's token hold ``read`` alone."""
    if scope != "read" and policy.is_viewer(token.owner):
        return False
    return any(scope in SCOPES.get(held, ()) for held in token.scopes)


def revoke(token: ApiToken) -> None:
    """From now on it opens nothing; revoking twice changes nothing."""
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
        log.info("token revoked", token=token.public_id, owner=token.owner_id)


def _check(owner: User, name: str, wanted: list[str], days: int | None) -> None:
    if not name.strip() or len(name) > 100:
        raise Refused(
            "invalid",
            "A token needs a name of 1 to 100 characters.",
            remedy="Name what will use it.",
        )
    unknown = [scope for scope in wanted if scope not in SCOPES]
    if unknown or not wanted:
        what = Said("A token needs at least one scope.")
        if unknown:
            what = Said("There is no scope {name!r}.", name=unknown[0])
        raise Refused(
            "invalid", what, remedy=Said("Choose among {scopes}.", scopes=", ".join(SCOPES))
        )
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise Refused(
            "invalid",
            Said("A token may live 1 to {most} days.", most=MOST_DAYS),
            remedy="Name a number of days.",
        )
    if "admin" in wanted and not policy.is_admin(owner):
        raise Refused(
            "forbidden",
            "Only an administrator's token may have the scope admin.",
            remedy="Use read, run and act.",
        )
    if wanted != ["read"] and policy.is_viewer(owner):
        raise Refused(
            "forbidden", "A viewer's token may have the scope read alone.", remedy="Use read."
        )
    if ApiToken.objects.usable().filter(owner=owner).count() >= MOST_TOKENS:
        raise Refused(
            "conflict",
            Said("There are {most} tokens already.", most=MOST_TOKENS),
            remedy="Revoke those that are not used.",
        )


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at < now - _NOTED_EVERY:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - _NOTED_EVERY)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), 6)


def _base62(number: int, length: int) -> str:
    characters = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        characters.append(_DIGITS[digit])
    return "".join(reversed(characters))
