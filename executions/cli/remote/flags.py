"""The places that the API's problems name, in the words of the command line: a field of the body is
an option here.
"""

from __future__ import annotations

_PLACES = {
    "checkpoint_seq": "--checkpoint",
    "version": "--onto",
    "output": "--output-value",
    "session_id": "--session",
    "choice": "CHOICE",
    "phase": "PHASE",
    "q": "--search",
    "If-Match": "--seq",
    "Idempotency-Key": "--idempotency-key",
}
_OPTIONS = frozenset(
    {
        "reason",
        "input",
        "message",
        "instance",
        "name",
        "runner",
        "limit",
        "of",
        "workflow",
        "agent",
        "session",
        "owner",
        "text",
        "needs_attention",
        "unread",
        "after",
        "scopes",
        "days",
        "visibility",
    }
)
_PHRASES = (("`runner: external`", "`--runner external`"),)


def flag_of(place: str) -> str:
    """``#/input/order/qty`` → ``--input /order/qty``; a place that no option stands for stays as it
    is.
    """
    first, _, rest = place.removeprefix("#").removeprefix("/").partition("/")
    flag = _PLACES.get(first) or (f"--{first.replace('_', '-')}" if first in _OPTIONS else "")
    if not flag:
        return place.removeprefix("#") or "/"
    return f"{flag} /{rest}" if rest else flag


def in_flags(text: str, places: list[str]) -> str:
    """A sentence of the server that names these places, and options by the names of their
    fields.
    """
    for place in places:
        text = text.replace(f"{place}: ", f"{flag_of(place)}: ")
    for phrase, flag in _PHRASES:
        text = text.replace(phrase, flag)
    return text
