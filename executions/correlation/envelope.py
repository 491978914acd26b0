"""One CloudEvent in its JSON format: what it may hold, and how it is read.

Source: CloudEvents 1.0.2, the core specification, its JSON format and its HTTP binding.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from executions.errors import StigmerError
from executions.values import dumps

Envelope = dict[str, Any]
SPECVERSION = "1.0"
REQUIRED = ("id", "source", "type")
# The longest text of an attribute that is looked for by an index, in characters.
LONGEST = {"id": 255, "source": 500, "type": 255, "subject": 500}
TEXTS = (*REQUIRED, "subject", "datacontenttype", "dataschema", "time")
# Events of these types are made by Stigmer alone.
OWN_PREFIX = "io.stigmer."
SIGNAL = "io.stigmer.signal"
_DATA = ("data", "data_base64")
_NAME = re.compile(r"[a-z0-9]{1,64}")
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_JSON_TYPE = re.compile(r"(application|text)/([\w.\-]+\+)?json", re.IGNORECASE)
_INTEGER = 1 << 31


class NoEvent(StigmerError):
    """It is no CloudEvent; ``key`` says where, empty for the event as a whole."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(f"`{key}` {message}" if key else message)
        self.key = key


def checked(value: Any) -> Envelope:
    """The event that a JSON value is. Raises :class:`NoEvent`."""
    if not isinstance(value, dict):
        raise NoEvent("", "an event is a JSON object (CloudEvents 1.0)")
    version = value.get("specversion")
    if version != SPECVERSION:
        raise NoEvent("specversion", f"has to be '{SPECVERSION}'")
    for name in REQUIRED:
        if name not in value:
            raise NoEvent(name, "is missing; an event has `specversion`, `id`, `source`, `type`")
    for name, attribute in value.items():
        if name not in _DATA:
            _check_attribute(name, attribute)
    if "data_base64" in value:
        if "data" in value:
            raise NoEvent("data_base64", "stands beside `data`; an event has one of them")
        _check_base64(value["data_base64"])
    return dict(value)


def check_not_own(envelope: Envelope) -> None:
    """Raises NoEvent for a type that only Stigmer itself may use."""
    if envelope["type"].startswith(OWN_PREFIX):
        raise NoEvent("type", f"may not begin with `{OWN_PREFIX}`: such events are Stigmer's own")


def _check_attribute(name: str, value: Any) -> None:
    if _NAME.fullmatch(name) is None:
        raise NoEvent(name[:80], "is no name of an attribute: lower-case letters and digits")
    if name in TEXTS:
        if not isinstance(value, str) or not value:
            raise NoEvent(name, "has to be text that is not empty")
        if len(value) > LONGEST.get(name, 2_000):
            raise NoEvent(name, f"has more than {LONGEST.get(name, 2_000)} characters")
        if name == "time" and not _is_moment(value):
            raise NoEvent(name, "has to be a moment of RFC 3339, such as 2026-01-31T10:00:00Z")
    elif isinstance(value, bool | str):
        return
    elif not isinstance(value, int) or not -_INTEGER <= value < _INTEGER:
        raise NoEvent(name, "has to be text, true, false or a number of 32 bits")


def _is_moment(text: str) -> bool:
    if _RFC3339.fullmatch(text) is None:
        return False
    try:
        datetime.fromisoformat(text.upper())
    except ValueError:
        return False
    return True


def _check_base64(value: Any) -> None:
    try:
        base64.b64decode(value if isinstance(value, str) else "?", validate=True)
    except (binascii.Error, ValueError):
        raise NoEvent("data_base64", "has to be base64") from None


def from_binary(
    headers: Mapping[str, str], content_type: str, body: bytes, parse: Callable[[bytes], Any]
) -> Envelope:
    """The event whose attributes are the ``ce-`` headers and whose data is the body.

    ``headers`` have lower-case names. ``parse`` reads a body that is JSON. Raises :class:`NoEvent`
    and what ``parse`` raises.
    """
    envelope: Envelope = {
        name[3:]: _decoded(value) for name, value in headers.items() if name.startswith("ce-")
    }
    for name in ("datacontenttype", *_DATA):
        if name in envelope:
            raise NoEvent(f"ce-{name}", "is no header of an event")
    if content_type:
        envelope["datacontenttype"] = content_type
    if body:
        envelope |= data_of(content_type, body, parse)
    return checked(envelope)


def data_of(content_type: str, body: bytes, parse: Callable[[bytes], Any]) -> Envelope:
    """``data`` or ``data_base64`` for a body of this type."""
    kind = content_type.split(";")[0].strip()
    if not kind or _JSON_TYPE.fullmatch(kind):
        return {"data": parse(body)}
    if kind.lower().startswith("text/"):
        try:
            return {"data": body.decode()}
        except UnicodeDecodeError:
            pass
    return {"data_base64": base64.b64encode(body).decode()}


def _decoded(value: str) -> str:
    return unquote(value.strip().strip('"'), errors="strict") if "%" in value else value.strip()


def read_as(envelope: Envelope, read: str) -> Any:
    """The part of an event that a listener gets: its ``data``, its ``envelope``, or its data as
    ``raw`` text.
    """
    if read == "envelope":
        return envelope
    if "data_base64" in envelope:
        return envelope["data_base64"]
    data = envelope.get("data")
    if read == "raw":
        return data if isinstance(data, str) else dumps(data)
    return data
