"""Passwords that others know already, asked of a service that is told five characters of a
digest.
"""

from __future__ import annotations

import hashlib
from typing import Any

import httpx
import structlog
from django.conf import settings
from django.core.exceptions import ValidationError

SECONDS = 5.0
MOST_BYTES = 1_000_000
log = structlog.get_logger(__name__)


class BreachedPasswordValidator:
    """Refuses a password that was found in a breach, where the operator named a service.

    The service answers with all digests that begin alike (k-anonymity), so that it learns nothing.
    If it does not answer, nobody is kept from changing a password: the list in the package was
    asked before.
    """

    def validate(self, password: str, user: Any = None) -> None:
        address = settings.STIGMER_BREACHED_PASSWORDS_URL
        if address and _is_known(address, password):
            raise ValidationError(
                "This password was found in a breach of another site.", code="password_breached"
            )

    def get_help_text(self) -> str:
        return "No password that was found in a breach."


def _is_known(address: str, password: str) -> bool:
    # The service keeps SHA-1; nothing is protected by it here.
    digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
    try:
        text = _read(f"{address.rstrip('/')}/{digest[:5]}")
    except (httpx.HTTPError, httpx.InvalidURL) as problem:
        log.warning("the service of breached passwords does not answer", problem=str(problem))
        return False
    counts = dict(line.strip().upper().partition(":")[::2] for line in text.splitlines())
    # A count of 0 fills the answer up, so that its length tells nothing.
    return counts.get(digest[5:], "0").strip() not in ("", "0")


def _read(address: str) -> str:
    """The beginning of the answer, no more of it than is needed. Raises httpx.HTTPError."""
    held = b""
    with httpx.stream(
        "GET",
        address,
        headers={"Add-Padding": "true"},
        timeout=SECONDS,
        follow_redirects=False,
    ) as answer:
        answer.raise_for_status()
        if answer.is_redirect:
            raise httpx.HTTPError("it leads somewhere else")
        for part in answer.iter_bytes():
            held += part
            if len(held) > MOST_BYTES:
                break
    return held[:MOST_BYTES].decode("ascii", "replace")
