"""``call: http``: calls a web service within a deadline, to addresses that the operator allows."""

from __future__ import annotations

from typing import Any

from executions.calls.http.arguments import HttpArguments
from executions.calls.http.checks import check
from executions.calls.kind import CallKind, Declared


def _with_authentication(arguments: dict[str, Any], declared: Declared) -> dict[str, Any]:
    """The arguments, where an authentication given by name is put in its place."""
    endpoint = arguments.get("endpoint")
    if not isinstance(endpoint, dict) or endpoint.get("authentication") is None:
        return arguments
    policy = declared.authentication(endpoint["authentication"])
    return {**arguments, "endpoint": {**endpoint, "authentication": policy}}


HTTP = CallKind(
    "http",
    HttpArguments,
    needs="an object with `method` and `endpoint`",
    effect_of=lambda arguments: "idempotent",
    destinations=("endpoint",),
    check=check,
    completed=_with_authentication,
    limits={
        "http_allowed_hosts": "STIGMER_HTTP_ALLOWED_HOSTS",
        "http_only_hosts": "STIGMER_HTTP_ONLY_HOSTS",
        "http_response_bytes": "STIGMER_VALUE_BYTES",
    },
)
