"""Texts that give a secret away: its value and the forms in which it turns up again."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote, quote_plus

SHORTEST = 8
_SHORTEST_NUMBER = 12
_SHORTEST_WORD = 12
_FEWEST_CHARACTERS = 2
_COMMON = frozenset(
    """
    administrator administration configuration authentication authorization development environment
    localhost:8000 localhost:8080 localhost:5432 localhost:6379 password1 password123 passw0rd
    changeme123 letmein123 welcome123 test1234 admin1234 root@localhost 127.0.0.1 example.org
    example.com postgres://localhost undefined null/null true/true
    """.split()  # noqa: SIM905
)
_WORD = re.compile(r"[a-z]+|[A-Z]+|[A-Z][a-z]+", re.ASCII)


def why_not_searched(text: str) -> str:
    """Why this value is not searched for in data: it would be found where nobody meant it.

    Empty where it is.
    """
    if len(text) < SHORTEST:
        return f"it has fewer than {SHORTEST} characters"
    if text.isdigit() and len(text) < _SHORTEST_NUMBER:
        return f"it is a number of fewer than {_SHORTEST_NUMBER} digits"
    if _WORD.fullmatch(text) and len(text) < _SHORTEST_WORD:
        return "it looks like a word"
    if text.lower() in _COMMON:
        return "it is common"
    if len(set(text)) < _FEWEST_CHARACTERS:
        return f"it has fewer than {_FEWEST_CHARACTERS} different characters"
    return ""


def forms_of(texts: Mapping[str, str]) -> dict[str, str]:
    """Each text that gives one of these secrets away, with the secret's name."""
    forms: dict[str, str] = {}
    for name, text in texts.items():
        for piece in {text, *(line.strip() for line in text.splitlines())}:
            if not why_not_searched(piece):
                for form in _encoded(piece):
                    forms.setdefault(form, name)
    return forms


def unsearched_forms_of(texts: Mapping[str, str]) -> set[str]:
    """The texts that give away those of these secrets that are not searched for."""
    return {
        form
        for text in texts.values()
        for piece in {text, *(line.strip() for line in text.splitlines())}
        if piece and why_not_searched(piece)
        for form in _encoded(piece)
        if form
    }


def _encoded(text: str) -> Iterator[str]:
    raw = text.encode("utf-8", "surrogatepass")
    # Host names are written in lower case.
    yield from (text, text.lower(), text.upper())
    percent = quote(raw, safe="")
    yield from (
        percent,
        quote(raw),
        quote_plus(raw),
        re.sub("%..", lambda code: code.group().lower(), percent),
    )
    for escaped in (
        json.dumps(text),
        json.dumps(text, ensure_ascii=False),
        json.dumps(json.dumps(text)[1:-1]),
    ):
        yield from (escaped[1:-1], escaped[1:-1].replace("/", "\\/"))
    yield from (html.escape(text), raw.hex(), raw.hex().upper())
    for shift in range(3):
        # Inside a longer text (`user:password`) it can begin at any of three places of the base64
        # alphabet's grid; characters that depend on what stands before or behind it are left out.
        code = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
        part = code[(shift * 8 + 5) // 6 : (shift + len(raw)) * 8 // 6]
        for form in {part, code if shift == 0 else part}:
            if len(form) >= SHORTEST:
                yield from (form, form.replace("+", "-").replace("/", "_"))
