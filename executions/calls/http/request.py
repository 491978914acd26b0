"""Builds the request of a call from its arguments; everything that is wrong with them is said here.

Source: DSL 1.0, sections HTTP Call, Endpoint and Authentication.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from executions.calls.context import StepContext
from executions.calls.http import body as bodies
from executions.calls.http import target
from executions.calls.http.arguments import METHODS
from executions.calls.http.content import ACCEPTED_ENCODINGS
from executions.calls.http.refusal import not_sendable
from executions.expressions import is_expression
from executions.pointers import pointer_of
from executions.secrets import SecretUnavailable, shown_text

UNSAFE_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
OUTPUTS = ("content", "raw", "response")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NOT_IN_A_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_OURS = frozenset(
    {
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "keep-alive",
        "upgrade",
        "expect",
        "te",
        "trailer",
    }
    | {"proxy-authorization", "proxy-connection", "accept-encoding"}
)


@dataclass(frozen=True, slots=True)
class Request:
    """A request ready to be sent.

    ``headers`` have lower-case names; ``own`` names those that the author gave.
    """

    method: str
    url: httpx.URL
    headers: Mapping[str, str]
    own: frozenset[str]
    body: bytes | None
    output: str
    redirect: bool
    # How errors name the address where secrets are in it; None where the URL itself may be told.
    told: str | None = None
    # How the headers may be told whose values came from secrets.
    told_headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def shown_url(self) -> str:
        """The whole address as it may be told."""
        return str(self.url) if self.told is None else self.told

    @property
    def name(self) -> str:
        """How errors name the call: without the query, which may hold what nobody should read."""
        address = (
            str(self.url.copy_with(query=None, fragment=None))
            if self.told is None
            else target.beginning(self.told)
        )
        return f"{self.method} {address}"


def build(arguments: Mapping[str, Any], context: StepContext) -> Request:
    """The request that ``arguments`` (the task's ``with``, expressions evaluated) describe, secrets
    filled in.
    """
    method = _method(arguments.get("method"))
    uri, authentication = _endpoint(arguments.get("endpoint"))
    shown_uri = context.secrets.told("/endpoint/uri", "/endpoint")
    if _is_computed(context.written.get("endpoint")):
        uri = plain = target.literal(uri)
    else:
        variables = context.input if isinstance(context.input, dict) else {}
        plain = target.expand(uri, variables, shown_uri)
        uri = target.expand(uri, context.secrets.fill(dict(variables)), shown_uri)
    if shown_uri is None and (labelled := shown_text(plain)) != plain:
        shown_uri = labelled
    headers, query = arguments.get("headers"), arguments.get("query")
    if parts := _told_parts("query", query, context):
        pairs = "&".join(f"{name}={shown_value}" for name, shown_value in parts.items())
        base = plain if shown_uri is None else shown_uri
        shown_uri = f"{base}{'&' if '?' in base else '?'}{pairs}"
    filled = context.secrets.fill(
        {
            "uri": uri,
            "authentication": authentication,
            "query": _mapping("query", query),
            "headers": _mapping("headers", headers),
            "body": arguments.get("body"),
        }
    )
    url = target.read(filled["uri"], filled["query"], shown_uri)
    _send_to(url, shown_uri, context)
    own = _headers(filled["headers"])
    authorization = _authorization(filled["authentication"])
    for value in authorization.values():
        # Encoded, even a short user name and password give themselves away.
        context.secrets.learn(value.partition(" ")[2])
    own.update(authorization)
    payload, content_type = bodies.encode(filled["body"], own.get("content-type", ""))
    return Request(
        method=method,
        url=url,
        headers=_ours(method, content_type, context) | own,
        own=frozenset(own),
        body=payload,
        output=_one_of("output", arguments.get("output") or "content", OUTPUTS),
        redirect=_flag("redirect", arguments.get("redirect")),
        told=shown_uri,
        told_headers={
            name.lower(): shown_value
            for name, shown_value in _told_parts("headers", headers, context).items()
        },
    )


def _told_parts(argument_name: str, argument: Any, context: StepContext) -> dict[str, str]:
    """How the entries of this argument may be told that came from secrets."""
    names = list(argument) if isinstance(argument, Mapping) else []
    whole = context.secrets.told(f"/{argument_name}")
    parts = {}
    for name in names:
        pointer, value = pointer_of((argument_name, name)), argument[name]
        many = len(value) if isinstance(value, list) else 0
        items = [f"{pointer}/{index}" for index in range(many)]
        shown_value = context.secrets.told(pointer, *items) or whole
        if shown_value is not None:
            parts[str(name)] = shown_value
    return parts


def _send_to(url: httpx.URL, shown_uri: str | None, context: StepContext) -> None:
    """Raises a Refusal where a secret in the arguments may not be sent to this host."""
    try:
        context.secrets.send_to(url.host, target.port_of(url))
    except SecretUnavailable as refused:
        detail = target.without_host(str(refused), url, shown_uri)
        raise not_sendable(detail, kind="authorization", rule="secret not available") from None


def _ours(method: str, content_type: str, context: StepContext) -> dict[str, str]:
    headers = {
        "accept": "application/json, */*;q=0.8",
        "accept-encoding": ACCEPTED_ENCODINGS,
        "user-agent": "stigmer",
        "x-correlation-id": context.correlation_id,
    }
    if content_type:
        headers["content-type"] = content_type
    if method in UNSAFE_METHODS:
        headers["idempotency-key"] = context.idempotency_key
    return headers


def _method(value: Any) -> str:
    return _one_of("method", value.upper() if isinstance(value, str) else value, METHODS)


def _is_computed(endpoint: Any) -> bool:
    """Whether an expression makes the address: then its braces are data."""
    uri = endpoint.get("uri") if isinstance(endpoint, Mapping) else endpoint
    return isinstance(uri, str) and is_expression(uri)


def _endpoint(value: Any) -> tuple[str, Any]:
    if isinstance(value, str):
        return value, None
    if isinstance(value, Mapping) and isinstance(value.get("uri"), str):
        return value["uri"], value.get("authentication")
    raise not_sendable(
        "endpoint: expected a URI, or an object with uri and, if needed, authentication"
    )


def _headers(fields: Mapping[str, Any]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in fields.items():
        if not _TOKEN.fullmatch(name):
            raise not_sendable(f"headers: {name!r} is not a header name")
        if name.lower() in _OURS:
            raise not_sendable(f"headers: {name} is set by the HTTP client and cannot be given")
        if value is not None:
            headers[name.lower()] = _header_value(name, value)
    return headers


def _header_value(name: str, value: Any) -> str:
    if isinstance(value, bool):
        value = "true" if value else "false"
    if not isinstance(value, str | int | float):
        raise not_sendable(
            f"headers.{name}: expected a string, number or boolean, not {type(value).__name__}"
        )
    text = str(value).strip()
    if _NOT_IN_A_VALUE.search(text):
        raise not_sendable(
            f"headers.{name}: the value contains a line break or another control character"
        )
    return text


def _authorization(authentication: Any) -> dict[str, str]:
    if authentication is None:
        return {}
    basic, bearer = (
        authentication.get(kind) if isinstance(authentication, Mapping) else None
        for kind in ("basic", "bearer")
    )
    if isinstance(basic, Mapping):
        username, password = (
            _credential("basic.username", basic),
            _credential("basic.password", basic),
        )
        if ":" in username:
            raise not_sendable(
                "endpoint.authentication.basic.username: a colon is not allowed in it"
            )
        return {
            "authorization": "Basic "
            + base64.b64encode(f"{username}:{password}".encode()).decode("ascii")
        }
    if isinstance(bearer, Mapping):
        return {"authorization": "Bearer " + _credential("bearer.token", bearer)}
    raise not_sendable(
        "endpoint.authentication: expected basic or bearer; other schemes are not supported yet"
    )


def _credential(path: str, scheme: Mapping[str, Any]) -> str:
    value = scheme.get(path.partition(".")[2])
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise not_sendable(f"endpoint.authentication.{path}: expected a string")
    if _NOT_IN_A_VALUE.search(str(value)):
        raise not_sendable(
            f"endpoint.authentication.{path}: it contains a line break or another control character"
        )
    return str(value)


def _mapping(name: str, value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise not_sendable(
            f"{name}: expected an object of names and values, not {type(value).__name__}"
        )
    return dict(value)


def _one_of(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise not_sendable(f"{name}: {value!r} is not supported; use one of {', '.join(allowed)}")
    return str(value)


def _flag(name: str, value: Any) -> bool:
    if value is None or isinstance(value, bool):
        return bool(value)
    raise not_sendable(f"{name}: expected true or false, not {value!r}")
