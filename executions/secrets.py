"""Secrets: placeholders while a workflow computes, values at the edge of a step, nothing of them in what comes back.

Expressions see placeholders in `$secrets`, so that the journal never holds a value. A step fills them in just before
it acts, and redacts what it returns.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from executions.errors import StigmerError, WorkflowError

Json = Any
_SHORTEST_INSIDE_TEXT = 4
_SHORTEST_ENCODED_PART = 8
_NAMELESS = "[***]"
_PLACEHOLDER = re.compile(r"stigmer-secret-(?P<nonce>[0-9A-Za-z]+)-(?P<path>(?:[0-9a-f]{2})+)-z")


class SecretUnavailable(StigmerError):
    """A workflow asked for a secret that it does not declare or that does not exist; ``error`` is the DSL's error."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"secret '{name}' is not available: {reason}")
        self.error = WorkflowError.standard("authorization", str(self))


class Placeholders(dict[str, Any]):
    """The value of `$secrets`: a placeholder for each declared secret; reading another one is refused."""

    def __init__(self, values: Mapping[str, Any], unavailable: Mapping[str, str], parent: str = "") -> None:
        super().__init__(values)
        self._unavailable = unavailable
        self._parent = parent

    def __missing__(self, name: str) -> Any:
        reason = self._unavailable.get(name, "it is not declared; add it to the list `use.secrets` of the workflow")
        raise SecretUnavailable(f"{self._parent}{name}", reason)


class Secrets:
    """The secrets of one execution.

    ``values`` are texts, or objects of texts (`$secrets.db.password`), by name. ``nonce`` (letters and digits) is
    part of every placeholder and has to be the same each time this execution is driven; nobody outside should be able
    to guess it. Only what :meth:`placeholders` was asked for can be filled in.
    """

    def __init__(self, values: Mapping[str, Any], nonce: str) -> None:
        if not re.fullmatch(r"[0-9A-Za-z]{8,}", nonce):
            raise ValueError("the nonce of secrets has to be at least 8 letters and digits")
        self._values = values
        self._nonce = nonce
        self._declared: frozenset[str] = frozenset()
        self._texts = dict(_flat(values))
        self._whole = {text: name for name, text in self._texts.items()}
        self._forms = _all_forms(self._texts)
        longest_first = sorted(self._forms, key=lambda form: (-len(form), form))
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def placeholders(self, declared: Iterable[str]) -> Placeholders:
        """What `$secrets` is for a workflow that declares these names. A declared secret without a value is refused
        when it is read (:class:`SecretUnavailable`), not before."""
        self._declared = frozenset(declared)
        missing = "no value is configured for it on this server"
        names = sorted(self._declared & self._values.keys())
        known = {name: self._placeholder(self._values[name], name) for name in names}
        return Placeholders(known, dict.fromkeys(self._declared - self._values.keys(), missing))

    def fill(self, value: Json) -> Json:
        """``value`` with each placeholder of this execution replaced by its secret, inside texts and keys too."""
        return _map_texts(value, self._filled)

    def redact(self, value: Json) -> Json:
        """``value`` without any secret: each, as it is or encoded (base64, URL, JSON, HTML, hexadecimal), becomes
        ``[secret NAME]``. Secrets shorter than 4 characters are found only as a whole text."""
        return _map_texts(value, self._redacted, self._redacted_number)

    def _placeholder(self, value: Any, path: str) -> Any:
        if isinstance(value, Mapping):
            nested = {key: self._placeholder(item, f"{path}.{key}") for key, item in value.items()}
            return Placeholders(nested, dict[str, str](), f"{path}.")
        return f"stigmer-secret-{self._nonce}-{path.encode().hex()}-z"

    def _filled(self, text: str) -> str:
        if "stigmer-secret-" not in text:
            return text
        return _PLACEHOLDER.sub(self._secret_behind, text)

    def _secret_behind(self, match: re.Match[str]) -> str:
        if match.group("nonce") != self._nonce:
            return match.group()
        path = bytes.fromhex(match.group("path")).decode("utf-8", "replace")
        if not any(path == name or path.startswith(f"{name}.") for name in self._declared):
            raise SecretUnavailable(path, "it is not declared; add it to the list `use.secrets` of the workflow")
        if path not in self._texts:
            raise SecretUnavailable(path, "no value is configured for it on this server")
        return self._texts[path]

    def _redacted(self, text: str) -> str:
        if text in self._whole and text:
            return self._label(self._whole[text])
        pattern = self._pattern
        if pattern is None:
            return text
        for _ in range(4):
            if pattern.search(text) is None:
                return text
            text = pattern.sub(lambda match: self._label(self._forms[match.group()]), text)
        return text if pattern.search(text) is None else _NAMELESS

    def _redacted_number(self, number: int | float) -> Json:
        text = str(number)
        return self._redacted(text) if self._redacted(text) != text else number

    def _label(self, name: str) -> str:
        label = f"[secret {name}]"
        return _NAMELESS if self._pattern is not None and self._pattern.search(label) else label


def hide_placeholders(value: Json) -> Json:
    """``value`` with placeholders in the form that people read, ``[secret NAME]``: for pages, not for the journal."""
    return _map_texts(value, lambda text: _PLACEHOLDER.sub(_shown, text) if "stigmer-secret-" in text else text)


def _shown(match: re.Match[str]) -> str:
    return f"[secret {bytes.fromhex(match.group('path')).decode('utf-8', 'replace')}]"


def _flat(values: Mapping[str, Any], parent: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{parent}{key}.")
        else:
            yield f"{parent}{key}", str(value)


def _all_forms(texts: Mapping[str, str]) -> dict[str, str]:
    """Each text that gives a secret away, with the secret's name."""
    forms: dict[str, str] = {}
    for name, text in texts.items():
        for piece in {text, *(line.strip() for line in text.splitlines() if len(line) >= _SHORTEST_ENCODED_PART)}:
            if len(piece) >= _SHORTEST_INSIDE_TEXT:
                for form in _encoded(piece):
                    forms.setdefault(form, name)
    return forms


def _encoded(text: str) -> Iterator[str]:
    raw = text.encode("utf-8", "surrogatepass")
    yield text
    percent = quote(raw, safe="")
    yield from (percent, quote(raw), quote_plus(raw), re.sub("%..", lambda code: code.group().lower(), percent))
    for escaped in (json.dumps(text), json.dumps(text, ensure_ascii=False), json.dumps(json.dumps(text)[1:-1])):
        yield from (escaped[1:-1], escaped[1:-1].replace("/", "\\/"))
    yield from (html.escape(text), raw.hex(), raw.hex().upper())
    for shift in range(3):
        # Inside a longer text (`user:password`) it can begin at any of three places of the base64 alphabet's grid;
        # characters that depend on what stands before or behind it are left out.
        code = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
        first = (shift * 8 + 5) // 6
        part = code[first : (shift + len(raw)) * 8 // 6]
        if len(part) >= _SHORTEST_ENCODED_PART or (shift == 0 and part):
            for form in {part, code if shift == 0 else part}:
                if len(form) >= _SHORTEST_INSIDE_TEXT:
                    yield from (form, form.replace("+", "-").replace("/", "_"))


def _map_texts(value: Json, text_map: Any, number_map: Any = None) -> Json:
    """``value`` with every text in it, keys included, replaced by what ``text_map`` makes of it."""
    if isinstance(value, str):
        return text_map(value)
    if isinstance(value, Mapping):
        return {
            text_map(key) if isinstance(key, str) else key: _map_texts(item, text_map, number_map)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_map_texts(item, text_map, number_map) for item in value]
    if number_map is not None and isinstance(value, (int, float)) and not isinstance(value, bool):
        return number_map(value)
    return value
