"""Seeds of second factors, sealed before they come into the database.

The key is made of ``SECRET_KEY``, whose fallbacks still open what they sealed.
"""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

_PURPOSE = b"stigmer second factors"


def sealed(text: str) -> str:
    """The text, readable with this installation's key alone."""
    return _keys().encrypt(text.encode()).decode()


def opened(text: str) -> str:
    """The text that was sealed. Raises ValueError where no key of this installation opens it."""
    try:
        return _keys().decrypt(text.encode()).decode()
    except InvalidToken as why:
        raise ValueError("no key opens this") from why


def _keys() -> MultiFernet:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_key(secret)) for secret in secrets])


def _key(secret: str) -> bytes:
    digest = hashlib.blake2b(secret.encode(), key=_PURPOSE, digest_size=32).digest()
    return base64.urlsafe_b64encode(digest)
