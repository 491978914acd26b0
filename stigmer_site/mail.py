"""Django's settings for e-mail, read from one address of a server."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from stigmer_site import queries

SETTING = "STIGMER_MAIL_URL"
EXAMPLE = "smtp+starttls://user:password@mail.example.org:587"
# Scheme: the usual port, TLS from the beginning, TLS after a plain beginning (and not without).
_SCHEMES = {
    "smtp": (25, False, False),
    "smtp+starttls": (587, False, True),
    "smtps": (465, True, False),
}


@dataclass(frozen=True, slots=True)
class MailServer:
    """``host`` is empty where no mail is sent; ``sender`` is whom e-mail comes from."""

    host: str = ""
    port: int = 25
    user: str = ""
    password: str = ""
    use_ssl: bool = False
    use_tls: bool = False
    sender: str = "stigmer@localhost"


def from_url(url: str) -> MailServer:
    """Raises ImproperlyConfigured for what is no address of a mail server."""
    if not url:
        return MailServer()
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES:
        raise ImproperlyConfigured(
            f"{SETTING} begins with {parts.scheme!r}. Use {EXAMPLE}, smtps:// or smtp://"
        )
    port, use_ssl, use_tls = _SCHEMES[parts.scheme]
    try:
        host, port = parts.hostname or "", parts.port or port
    except ValueError:
        host = ""
    if not host or parts.path.strip("/") or parts.fragment:
        raise ImproperlyConfigured(
            f"{SETTING} is a server and its port, such as {EXAMPLE}; /, ?, #, % and @ in a password"
            " are written %2F, %3F, %23, %25 and %40"
        )
    said = queries.options(SETTING, parts.query, frozenset({"from"}))
    return MailServer(
        host=host,
        port=port,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        use_ssl=use_ssl,
        use_tls=use_tls,
        sender=said.get("from") or f"stigmer@{host}",
    )
