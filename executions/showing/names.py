"""Which fields are sensitive: by the words of their names, or because a schema says so."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

# A field is sensitive where its name holds one of these, word by word: `clientSecret` and
# `client_secret` hold `secret`, `secretary` does not.
USUAL = (
    *("password", "passwd", "pwd", "passphrase", "passcode", "pin", "otp"),
    *("secret", "secrets", "token", "credential", "credentials", "jwt", "bearer"),
    *("api key", "apikey", "access key", "private key", "signing key", "encryption key"),
    *("authorization", "auth header", "cookie", "cookies", "session id"),
    *("iban", "bic", "account number", "routing number", "sort code"),
    *("card number", "credit card", "cardnumber", "cvv", "cvc", "cvv2"),
    *("ssn", "social security", "tax id", "passport", "national id", "date of birth"),
)
# A schema marks a property so: OpenAPI's words, JSON Schema's, and one of our own.
KEYWORD = "x-sensitive"
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_DEEPEST = 64


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name in small letters: ``apiKey``, ``API_KEY`` and ``api-key`` are alike."""
    return tuple(word.lower() for word in _WORDS.findall(name[:200]))


class Names:
    """Says of each name whether what stands there is sensitive.

    ``phrases`` are looked for among the words of a name, ``declared`` are names as they are.
    """

    def __init__(self, phrases: Iterable[str], declared: Iterable[str] = ()) -> None:
        self.phrases = frozenset(phrases)
        self._words = {words for phrase in self.phrases if (words := words_of(phrase))}
        self._longest = max((len(words) for words in self._words), default=0)
        self.declared = frozenset(declared)
        self._begins = _stored({words[0] for words in self._words} | self.declared)

    def may_stand_in(self, text: str) -> bool:
        """Whether a stored text of JSON may hold a field of such a name: yes too often, but never
        no where there is one.
        """
        small = text.lower()
        return any(begin in small for begin in self._begins)

    def joined(self, other: Names) -> Names:
        """Names that are sensitive by either."""
        return Names(self.phrases | other.phrases, self.declared | other.declared)

    def holds(self, name: str) -> bool:
        """Whether a field of this name is sensitive."""
        if name in self.declared:
            return True
        words = words_of(name)
        return any(
            words[start : start + length] in self._words
            for length in range(1, self._longest + 1)
            for start in range(len(words) - length + 1)
        )


def _stored(texts: Iterable[str]) -> frozenset[str]:
    """These in small letters, as they may be stored: JSON writes some characters otherwise."""
    forms = (
        (text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]) for text in texts
    )
    return frozenset(each.lower() for form in forms for each in form)


def declared_in(document: Any) -> frozenset[str]:
    """The names of the properties that schemas anywhere in a definition declare as sensitive."""
    return frozenset(_declared(document, 0))


def sensitive_results(document: Any) -> frozenset[str]:
    """The names of the tasks whose whole result a definition declares as sensitive."""
    return frozenset(_results(document, 0))


def _results(value: Any, deep: int) -> Iterator[str]:
    if deep > _DEEPEST:
        return
    items = value.items() if isinstance(value, Mapping) else ()
    for key, item in items:
        held: Any = item
        for name in ("output", "schema", "document"):
            held = held.get(name) if isinstance(held, Mapping) else None
        if is_declared(held):
            yield str(key)
    within = value if isinstance(value, list) else [item for _, item in items]
    for item in within:
        yield from _results(item, deep + 1)


def is_declared(schema: Any, deep: int = 0) -> bool:
    """Whether a schema says that its value is sensitive, or that each of its items is."""
    if not isinstance(schema, Mapping) or deep > _DEEPEST:
        return False
    if schema.get(KEYWORD) is True or schema.get("writeOnly") is True:
        return True
    return schema.get("format") == "password" or is_declared(schema.get("items"), deep + 1)


def _declared(value: Any, deep: int) -> Iterator[str]:
    if deep > _DEEPEST:
        return
    if isinstance(value, list):
        for item in value:
            yield from _declared(item, deep + 1)
    if not isinstance(value, Mapping):
        return
    properties = value.get("properties")
    if isinstance(properties, Mapping):
        for name, schema in properties.items():
            if is_declared(schema):
                yield str(name)
    for item in value.values():
        yield from _declared(item, deep + 1)
