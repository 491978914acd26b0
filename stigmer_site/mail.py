"""Django's settings for e-mail, read from one address of a server."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

EXAMPLE = "smtp+starttls://user:password@mail.example.org:587"
# Scheme: the usual port, TLS from the beginning, TLS after a plain beginning (and not without).
_SCHEMES = {
    "smtp": (25, False, False),
    "smtp+starttls": (587, False, True),
    "smtps": (465, True, False),
}


@dataclass(frozen=True, slots=True)
class MailServer:
    """``host`` is empty where no mail is sent."""

    host: str = ""
    port: int = 25
    user: str = ""
    password: str = ""
    use_ssl: bool = False
    use_tls: bool = False


def from_url(url: str) -> MailServer:
    """Raises ImproperlyConfigured for what is no address of a mail server."""
    if not url:
        return MailServer()
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES:
        raise ImproperlyConfigured(
            f"STIGMER_MAIL_URL begins with {parts.scheme!r}. Use {EXAMPLE}, smtps:// or smtp://"
        )
    port, use_ssl, use_tls = _SCHEMES[parts.scheme]
    try:
        host, port = parts.hostname or "", parts.port or port
    except ValueError as wrong:
        raise ImproperlyConfigured(f"The port of STIGMER_MAIL_URL is none: {wrong}") from wrong
    if not host or parts.path.strip("/") or parts.query or parts.fragment:
        raise ImproperlyConfigured(
            f"STIGMER_MAIL_URL is a server and nothing else, such as {EXAMPLE}; /, ?, # and @ in a"
            " password are written %2F, %3F, %23 and %40"
        )
    return MailServer(
        host, port, unquote(parts.username or ""), unquote(parts.password or ""), use_ssl, use_tls
    )
