"""The OpenID provider of single sign-on, read from one address."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from stigmer_site import queries

SETTING = "STIGMER_OIDC_URL"
EXAMPLE = "https://stigmer:secret@id.example.org/realms/staff?name=Example"
_OPTIONS = frozenset({"name", "groups"})


@dataclass(frozen=True, slots=True)
class Provider:
    """``issuer`` is empty where there is no single sign-on."""

    issuer: str = ""
    client: str = "stigmer"
    secret: str = ""
    name: str = "single sign-on"
    groups: str = "groups"


def from_url(url: str) -> Provider:
    """Raises ImproperlyConfigured, without the secret, for what is no address of a provider."""
    if not url:
        return Provider()
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable or parts.fragment:
        raise ImproperlyConfigured(
            f"{SETTING} is no address of a provider. It reads like {EXAMPLE}; /, ?, #, % and @ in"
            " a secret are written %2F, %3F, %23, %25 and %40."
        )
    said = queries.options(SETTING, parts.query, _OPTIONS)
    issuer = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    client, secret = unquote(parts.username or ""), unquote(parts.password or "")
    fields = {"client": client, "secret": secret, **said}
    return Provider(issuer, **{name: value for name, value in fields.items() if value})
