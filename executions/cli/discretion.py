"""Keeps tokens off the terminal: whatever goes wrong, and whoever words it, an error shows none."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from typing import Any, TextIO, cast

HIDDEN = "[token]"
# Like a token, also one that was cut, mistyped, or put into a host name. The form is that of
# executions.tokens.
_LIKE_A_TOKEN = re.compile(r"stg_[0-9a-z_]{16,}", re.IGNORECASE)
_SHORTEST = 8


def hide(text: str) -> str:
    """``text`` without tokens: those that this command was given or keeps, and what looks like
    one.
    """
    for token in sorted(set(_known()), key=len, reverse=True):
        text = re.sub(re.escape(token), HIDDEN, text, flags=re.IGNORECASE)
    return _LIKE_A_TOKEN.sub(HIDDEN, text)


class Discreet:
    """A text stream that writes no token; all else is the stream's own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(hide(text))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def discreet(stream: TextIO) -> TextIO:
    return cast(TextIO, Discreet(stream))


def _known() -> Iterator[str]:
    for token in (*_typed(), os.environ.get("STIGMER_TOKEN", ""), _kept()):
        # A text that cannot stand in a header may be written in another form; its other parts would
        # not.
        yield from (part for part in re.split(r"[^\x21-\x7e]+", token) if len(part) >= _SHORTEST)


def _typed() -> Iterator[str]:
    for place, argument in enumerate(sys.argv):
        if argument == "--token":
            yield from sys.argv[place + 1 : place + 2]
        elif argument.startswith("--token="):
            yield argument.partition("=")[2]


def _kept() -> str:
    from executions.cli.remote import kept

    try:
        document = json.loads(kept.path().read_text())
    except (OSError, ValueError, RuntimeError):
        return ""
    return str(document.get("token") or "") if isinstance(document, dict) else ""
