"""The problems of an HTTP call beyond the shape of its arguments: they are said before anything
runs.
"""

from __future__ import annotations

import re
from typing import Any

from executions.calls.kind import CallPlace, Keys
from executions.calls.media import body_problem, media_type
from executions.expressions import is_expression, source_of

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_BRACES = re.compile(r"\{[A-Za-z_][A-Za-z0-9_.]*\}")


def check(place: CallPlace) -> None:
    """Report names that are not declared, bodies that cannot be sent under the content type beside
    them, and warn of braces in an address that an expression makes.
    """
    keys: Keys = ("endpoint",)
    address: Any = place.given.get("endpoint")
    if isinstance(address, dict):
        policy = address.get("authentication")
        if isinstance(policy, dict):
            place.named(
                (*keys, "authentication", "use"), _text(policy.get("use")), "authentications"
            )
            check_policy(place, (*keys, "authentication"), policy)
        keys, address = (*keys, "uri"), address.get("uri")
    _check_body(place)
    if isinstance(address, str) and is_expression(address):
        _check_computed(place, keys, address)


def check_policy(place: CallPlace, keys: Keys, policy: dict[str, Any]) -> None:
    """Report secrets of an authentication policy that are not declared, and warn of credentials
    that stand there.
    """
    for scheme, key in (("basic", "password"), ("bearer", "token")):
        held = policy.get(scheme)
        name, credential = (
            (_text(held.get(part)) for part in ("use", key))
            if isinstance(held, dict)
            else (None, None)
        )
        if name is not None:
            place.secret((*keys, scheme, "use"), name)
        if credential is not None and not is_expression(credential):
            hint = "declare it under `use.secrets` and write ${ $secrets.NAME }"
            place.warn(
                (*keys, scheme, key),
                f"the {key} stands in the definition, where everybody reads it",
                "",
                hint,
            )


def _check_body(place: CallPlace) -> None:
    """Objects and lists that stand under a content type which holds none."""
    body, headers = place.given.get("body"), place.given.get("headers")
    if not isinstance(body, dict | list):
        return
    media = media_type(_content_type(headers if isinstance(headers, dict) else {}))
    if problem := body_problem(body, media):
        place.add(("body",), problem, "a text, or an object under application/json")
    elif media.is_form() and isinstance(body, dict):
        for name, value in body.items():
            if any(
                isinstance(item, dict | list)
                for item in (value if isinstance(value, list) else [value])
            ):
                expected = "a text, number or boolean, or a list of them"
                place.add(("body", name), "a form field cannot be an object", expected)


def _check_computed(place: CallPlace, keys: Keys, address: str) -> None:
    for text in _STRING.findall(source_of(address)):
        if braces := _BRACES.search(text):
            message = (
                f"`{braces[0]}` stays as it is: an address that an expression makes is no template"
            )
            place.warn(keys, message, "", rf"put the value into the text: \(.{braces[0][1:-1]})")
            return


def _content_type(headers: dict[str, Any]) -> str:
    """The Content-Type that is written there; empty where an expression gives it, or nothing
    does.
    """
    for name, value in headers.items():
        if name.lower() == "content-type" and isinstance(value, str) and not is_expression(value):
            return value
    return ""


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
