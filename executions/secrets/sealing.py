"""Keeps secrets out of rows without changing the data that holds them.

A service may answer with a secret that it was sent. The data that flows on is what the service
said; the row that keeps it holds the piece enciphered, and whoever reads the row for a page sees
``[secret NAME]``. A sealed piece opens in its own run only, and what merely looks like one is
sealed as well, so that nobody can forge one.

The cipher is AES-SIV: the same piece is always sealed to the same text, so a digest over a row
stays what it was.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from executions.secrets.hiding import Hider
from executions.secrets.texts import mapped
from executions.values import dumps

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

Json = Any
MARK, END = "\ue000", "\ue001"
_SEALED = re.compile(f'{MARK}([^{MARK}{END}|"]*)\\|([A-Za-z0-9_-]*)(?:{END}|\\Z)')
_TEXT, _NUMBER = "t", "n"


class Seal:
    """Seals and opens pieces for one run.

    ``keys`` are texts that nobody outside knows: the first one seals, all of them open. ``run``
    tells the runs apart.
    """

    def __init__(self, keys: Sequence[str], run: bytes) -> None:
        self._ciphers = [_cipher(key) for key in keys]
        self._run = run
        # A piece that was opened is sealed again as it was, also when the first key is another one
        # now.
        self._known: dict[tuple[str, str], str] = {}

    def sealed(self, value: Json, text: str, hider: Hider) -> str:
        """The JSON text of ``value`` in which nothing gives a secret away; ``text`` is its plain
        JSON text.
        """
        if MARK not in text and not hider.finds(text):
            return text
        return dumps(
            mapped(
                value,
                lambda piece: self._text(piece, hider),
                lambda number: self._number(number, hider),
            )
        )

    def opened(self, value: Json, hider: Hider) -> Json:
        """``value`` as it was before it was sealed.

        A value that was sealed with a key that is gone stays sealed.
        """
        if isinstance(value, str) and MARK in value:
            return self._opened(value, hider)
        if isinstance(value, dict):
            return {
                self.opened(key, hider): self.opened(item, hider) for key, item in value.items()
            }
        if isinstance(value, list):
            return [self.opened(item, hider) for item in value]
        return value

    def _text(self, text: str, hider: Hider) -> str:
        if MARK not in text:
            return hider.replaced(text, lambda name, piece: self._piece(name, _TEXT, piece))
        parts = (
            part and hider.replaced(part, lambda name, piece: self._piece(name, _TEXT, piece))
            for part in text.split(MARK)
        )
        return self._piece("", _TEXT, MARK).join(parts)

    def _number(self, number: int | float, hider: Hider) -> Json:
        text = json.dumps(number)
        name = hider.name_in(text)
        return number if name is None else self._piece(name, _NUMBER, text)

    def _piece(self, name: str, kind: str, piece: str) -> str:
        sealed = self._known.get((kind, piece))
        if sealed is None:
            code = self._ciphers[0].encrypt(
                (kind + piece).encode(errors="surrogatepass"), [self._run, name.encode()]
            )
            cipher = base64.urlsafe_b64encode(code).decode().rstrip("=")
            sealed = self._known[kind, piece] = f"{MARK}{quote(name, safe='')}|{cipher}{END}"
        return sealed

    def _opened(self, text: str, hider: Hider) -> Json:
        whole = _SEALED.fullmatch(text)
        if (
            whole is not None
            and (plain := self._plain(whole, hider)) is not None
            and plain[0] == _NUMBER
        ):
            return json.loads(plain[1:])
        return _SEALED.sub(
            lambda match: (self._plain(match, hider) or f" {match.group()}")[1:], text
        )

    def _plain(self, match: re.Match[str], hider: Hider) -> str | None:
        from cryptography.exceptions import InvalidTag

        name = unquote(match[1])
        code = base64.urlsafe_b64decode(match[2] + "=" * (-len(match[2]) % 4))
        for cipher in self._ciphers:
            try:
                plain = cipher.decrypt(code, [self._run, name.encode()]).decode(
                    errors="surrogatepass"
                )
            except (InvalidTag, ValueError):
                continue
            self._known[plain[0], plain[1:]] = match.group()
            if name:
                hider.learn(plain[1:], name)
            return plain
        return None


def labelled(text: str) -> str:
    """A text, or JSON text, from a row with ``[secret NAME]`` where a piece is sealed: for
    people.
    """
    return (
        _SEALED.sub(lambda match: f"[secret {unquote(match[1])}]" if match[1] else MARK, text)
        if MARK in text
        else text
    )


@lru_cache(maxsize=8)
def _cipher(key: str) -> AESSIV:
    # Loaded where it is needed: the command reads definitions and seals nothing.
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return AESSIV(
        HKDF(SHA256(), 64, salt=None, info=b"stigmer: secrets in rows").derive(key.encode())
    )
