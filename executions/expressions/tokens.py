"""Cuts a jq expression into tokens, so that it can be judged before any engine sees it.

Follows the lexical rules of jq 1.7 (https://jqlang.org/manual/) as far as the engine that we use knows them.
The cut need not be perfect: what it does not know it reports, and the engine parses again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from executions.expressions.builtins import names

KEYWORDS = names("and or if then elif else end as def reduce foreach try catch label break import include")
_TERM_ENDS = frozenset({"field", "dot", "dotdot", "variable", "name", "number", "string", "close"})
OPENERS = {"(": ")", "[": "]", "{": "}"}
_TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n\r]*)
      | (?P<field>\.[A-Za-z_][A-Za-z0-9_]*)
      | (?P<quoted>\.(?="))
      | (?P<dotdot>\.\.)
      | (?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
      | (?P<dot>\.)
      | (?P<variable>\$[A-Za-z_][A-Za-z0-9_]*)
      | (?P<format>@[A-Za-z0-9_]+)
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<string>")
      | (?P<open>[(\[{])
      | (?P<close>[)\]}])
      | (?P<operator>\?//=?|::|//=|//|\|=|\+=|-=|\*=|/=|%=|==|!=|<=|>=|=|[|,;:?+\-*/%<>])
    """,
    re.VERBOSE,
)
_STRING_PART = re.compile(r'(?P<text>[^"\\]+)|(?P<interpolation>\\\()|(?P<escape>\\.)|(?P<end>")', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Token:
    """``kind`` is a group of the pattern above, ``keyword`` or ``call``; ``at`` is the offset in the source."""

    kind: str
    text: str
    at: int


class NotReadable(ValueError):
    """The source cannot be cut into tokens; the message says where and why."""


def ends_a_term(token: Token | None) -> bool:
    """Whether a value can end with this token, so that what follows belongs to it."""
    if token is None:
        return False
    return token.kind in _TERM_ENDS or (token.kind, token.text) in (("operator", "?"), ("keyword", "end"))


def tokenize(source: str) -> list[Token]:
    """The tokens of ``source`` without blanks and comments; raises :class:`NotReadable`.

    A string with interpolation gives a ``string`` token, then ``\\(``, the tokens inside, ``)``, and a ``string``
    token for the rest.
    """
    tokens: list[Token] = []
    groups: list[tuple[str, int]] = []
    at = 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            raise NotReadable(f"character {source[at]!r} at column {at + 1} is not part of the jq language")
        kind, text = str(match.lastgroup), match.group()
        at = match.end()
        if kind == "space":
            continue
        if kind == "open":
            groups.append((text, match.start()))
        elif kind == "close":
            resumes_string = _close(groups, text, match.start())
            tokens.append(Token(kind, text, match.start()))
            if resumes_string:
                at = _string(source, at, match.start(), tokens, groups)
            continue
        elif kind == "string":
            at = _string(source, at, match.start(), tokens, groups)
            continue
        elif kind == "name" and text in KEYWORDS:
            kind = "keyword"
        tokens.append(Token(kind, text, match.start()))
    if groups:
        text, start = groups[-1]
        raise NotReadable(f"{text!r} at column {start + 1} is never closed")
    return tokens


def _close(groups: list[tuple[str, int]], text: str, at: int) -> bool:
    """Close the innermost group; True where the text of a string goes on behind it."""
    opener = groups.pop()[0] if groups else ""
    if OPENERS.get(opener[-1:]) != text:
        raise NotReadable(f"{text!r} at column {at + 1} closes nothing")
    return opener == "\\("


def _string(source: str, at: int, start: int, tokens: list[Token], groups: list[tuple[str, int]]) -> int:
    """Read string text up to its end or its next interpolation; the offset behind it."""
    begin = at
    while match := _STRING_PART.match(source, at):
        at = match.end()
        if match.lastgroup == "end":
            tokens.append(Token("string", source[begin : match.start()], start))
            return at
        if match.lastgroup == "interpolation":
            tokens.append(Token("string", source[begin : match.start()], start))
            tokens.append(Token("open", "\\(", match.start()))
            groups.append(("\\(", match.start()))
            return at
    raise NotReadable(f"the string that begins at column {start + 1} is never closed")
