"""Reads the address of a call: a URI template, its variables and the query become one checked URL.

Source: DSL 1.0, sections URI Template (RFC 6570, simple string expansion only) and HTTP Call.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import uritemplate

from executions.calls.http.refusal import Refusal, not_sendable
from executions.hosts import parse_address

_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
_EXPRESSION = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"[\w.%]+(,[\w.%]+)*", re.ASCII)
_HOST_NAME = re.compile(r"(?!-)[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?", re.ASCII)
_NUMERIC_LABEL = re.compile(r"(0x[0-9a-f]*|[0-9]+)", re.ASCII)
DEFAULT_PORTS = {"http": 80, "https": 443}
WANTED = (
    "http or https, a host, no credentials (endpoint.authentication is for them), no white space, "
    "a port from 1 to 65535"
)


def expand(uri: str, variables: Mapping[str, Any], shown_uri: str | None = None) -> str:
    """The URI with each ``{name}`` replaced by its percent-encoded value; a missing one becomes
    empty.

    Values are strings, numbers, booleans or null; another kind is the DSL's expression error (a
    Refusal). ``shown_uri`` is how errors name the URI where there are secrets in it.
    """
    values: dict[str, Any] = {}
    for match in _EXPRESSION.finditer(uri):
        if not _NAME.fullmatch(match[1]):
            raise not_sendable(
                f"endpoint '{shown_uri or uri}': {'a name' if shown_uri else match[0]} is not"
                " supported; only simple variables such as {id} are",
                kind="expression",
            )
        for name in match[1].split(","):
            values[name] = _text(f"URI variable {name!r}", variables.get(name), "expression")
    if "{" in (rest := _EXPRESSION.sub("", uri)) or "}" in rest:
        detail = (
            f"endpoint '{shown_uri or uri}': a brace is not closed; write a variable as {{name}}"
        )
        raise not_sendable(detail, kind="expression")
    return uritemplate.URITemplate(uri).expand(values)


def literal(uri: str) -> str:
    """An address that came from data as an address without template: braces in it are characters
    like others.
    """
    return uri.replace("{", "%7B").replace("}", "%7D")


def beginning(shown_uri: str) -> str:
    """An address as it is told, without its query."""
    return re.split(r"[?#]", shown_uri, maxsplit=1)[0]


def without_host(text: str, url: httpx.URL, shown_uri: str | None) -> str:
    """``text`` without the host of a URL where secrets are in it: ``shown_uri`` is how errors name
    the URL.
    """
    host = (
        url.host
        if shown_uri is None
        else _authority(shown_uri).rpartition(":")[0] or _authority(shown_uri)
    )
    return text if host.lower() == url.host else text.replace(url.host, host or "[secret]")


def read(uri: str, query: Mapping[str, Any], shown_uri: str | None = None) -> httpx.URL:
    """The URL to call, checked: http or https, a host, no userinfo, no spelling that hides where it
    leads. ``shown_uri`` is how errors name it where there are secrets in it.
    """
    try:
        url = parse(uri)
    except Refusal:
        if shown_uri is None:
            raise
        # The part that is wrong may be a piece of a secret.
        raise not_sendable(
            f"endpoint '{beginning(shown_uri)}' is no address that can be called: {WANTED}"
        ) from None
    pairs = [pair for name, value in query.items() for pair in _pairs(name, value)]
    if not pairs:
        return url
    added = urlencode(pairs, quote_via=quote).encode()
    return url.copy_with(query=url.query + b"&" + added if url.query else added)


def parse(uri: str) -> httpx.URL:
    """The URL that the text spells; a Refusal says what is wrong with it."""
    if _UNSAFE.search(uri):
        raise not_sendable(
            f"endpoint '{uri}' contains white space, a control character or a backslash; encode it"
        )
    try:
        url = httpx.URL(uri)
    except (httpx.InvalidURL, ValueError) as error:
        raise not_sendable(f"endpoint '{uri}' is not a URL: {error}") from None
    if url.scheme not in DEFAULT_PORTS:
        raise not_sendable(
            f"endpoint '{uri}': the scheme {url.scheme!r} is not supported; use http or https"
        )
    if url.userinfo or "@" in _authority(uri):
        raise not_sendable(
            f"endpoint {url.host!r}: credentials in the URL are not allowed; use"
            " endpoint.authentication"
        )
    _check_host(uri, url.raw_host.decode("ascii"))
    if url.port is not None and not 0 < url.port < 65536:
        raise not_sendable(f"endpoint '{uri}': the port is not in the range 1 to 65535")
    return url.copy_with(fragment=None)


def port_of(url: httpx.URL) -> int:
    return url.port or DEFAULT_PORTS[url.scheme]


def origin_of(url: httpx.URL) -> tuple[str, str, int]:
    """Scheme, host and port: what credentials belong to."""
    return url.scheme, url.raw_host.decode("ascii").rstrip("."), port_of(url)


def _authority(uri: str) -> str:
    return re.split(r"[/?#]", uri.partition("://")[2], maxsplit=1)[0]


def _check_host(uri: str, host: str) -> None:
    if parse_address(host) is not None and "%" not in host:
        return
    if not _HOST_NAME.fullmatch(host) or len(host) > 254:
        raise not_sendable(f"endpoint '{uri}': {host!r} is not a host name")
    if _NUMERIC_LABEL.fullmatch(host.rstrip(".").rpartition(".")[2]):
        raise not_sendable(
            f"endpoint '{uri}': write an IPv4 address as four decimal numbers without leading zeros"
        )


def _pairs(name: str, value: Any) -> Iterator[tuple[str, str]]:
    for item in value if isinstance(value, list) else [value]:
        if item is not None:
            yield name, _text(f"query parameter {name!r}", item, "validation")


def _text(subject: str, value: Any, kind: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise not_sendable(
        f"{subject} is {type(value).__name__}; it has to be a string, number, boolean or null",
        kind=kind,
    )
