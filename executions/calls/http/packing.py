"""Undoes the packing of an answer (Content-Encoding), piece by piece and bounded at every layer.

Servers send all of this, and clients have to take it: a header that was doubled though the body was
packed once, zeros or rubbish behind the last member, several gzip members, deflate with and without
its zlib wrapper, names that are no packing.
"""

from __future__ import annotations

import zlib
from typing import Any

MAX_LAYERS = 5
_PIECE = 65_536
_GZIP_MAGIC = b"\x1f\x8b"
# Packings that exist and that were not asked for: such a body cannot be read.
_FOREIGN = frozenset(
    {"br", "zstd", "compress", "dcb", "dcz", "exi", "pack200-gzip", "lzma", "xz", "bzip2"}
)


class CannotUnpack(Exception):
    """The body is not what its Content-Encoding says; the message says how."""


class Unpacker:
    """Undoes all encodings that a header names; no layer gives more than ``limit`` + 1 bytes."""

    def __init__(self, header: str, limit: int) -> None:
        self._layers = _layers(header)
        self._rooms = [limit] * len(self._layers)

    def feed(self, data: bytes) -> bytes:
        """The bytes that ``data`` unpacks to. Raises CannotUnpack."""
        for place, layer in enumerate(self._layers):
            data = layer.feed(data, self._rooms[place])
            self._rooms[place] -= len(data)
        return data

    def is_over(self) -> bool:
        """Whether a layer gave more than it may."""
        return any(room < 0 for room in self._rooms)

    def is_complete(self) -> bool:
        """Whether nothing is missing at the end of any layer."""
        return all(layer.is_complete() for layer in self._layers)


class Layer:
    """One encoding, ``gzip`` or ``deflate``, while it is undone.

    ``repeated``: the layer around it has the same name. A body that does not look packed then was
    packed once, and its header was doubled.
    """

    def __init__(self, name: str, *, repeated: bool) -> None:
        self._name = name
        self._repeated = repeated
        self._inflater: Any = None
        self._members = 0
        self._plain = False
        self._over = False
        self._held = b""

    def feed(self, data: bytes, room: int) -> bytes:
        """The bytes that ``data`` unpacks to, cut at ``room`` + 1 so that the caller sees that
        there is more.
        """
        data, self._held = self._held + data, b""
        out = bytearray()
        full = False
        while (data or full) and len(out) <= room and not self._over:
            if self._inflater is None and not self._plain:
                data = data.lstrip(b"\0") if self._members else data
                if not self._begin(data):
                    break
            if self._plain:
                return data[: room + 1]
            most = min(room + 1 - len(out), _PIECE)
            piece = self._inflate(data, most)
            out += piece
            full = len(piece) == most
            data = self._inflater.unconsumed_tail or self._inflater.unused_data
            if self._inflater.eof:
                self._inflater, full = None, False
                self._members += 1
                self._over = self._name == "deflate"
        return bytes(out)

    def is_complete(self) -> bool:
        return self._inflater is None and (self._members > 0 or not self._held)

    def _begin(self, data: bytes) -> bool:
        """Look at the first two bytes of a member, which tell what it is.

        False where they are not there yet, or where no other member follows: zeros and rubbish do
        not count.
        """
        if len(data) < 2:
            self._held = data
            return False
        if self._members and not data.startswith(_GZIP_MAGIC):
            self._over = True
            return False
        if self._name == "gzip":
            packed, window = data.startswith(_GZIP_MAGIC), zlib.MAX_WBITS | 16
        else:
            packed = data[0] & 0x0F == 8 and int.from_bytes(data[:2]) % 31 == 0
            # Servers disagree on whether deflate has a zlib wrapper.
            window = zlib.MAX_WBITS if packed or self._repeated else -zlib.MAX_WBITS
        if packed or not self._repeated:
            self._inflater = zlib.decompressobj(window)
        else:
            self._plain = True
        return True

    def _inflate(self, data: bytes, most: int) -> bytes:
        try:
            return bytes(self._inflater.decompress(data, most))
        except zlib.error as error:
            reason = str(error).rpartition(": ")[2]
            raise CannotUnpack(
                f"it says that it is {self._name} and cannot be unpacked: {reason}"
            ) from None


def _layers(header: str) -> list[Layer]:
    """The layers that a header names, the outermost first.

    A name that is no packing (``utf-8``, ``none``) says nothing about the bytes. Raises
    CannotUnpack for a packing that is not known here.
    """
    names = [name.strip().lower().removeprefix("x-") for name in header.split(",")]
    for name in names:
        if name in _FOREIGN:
            raise CannotUnpack(f"it is packed as {name!r}, which was not asked for")
    packings = [name for name in reversed(names) if name in ("gzip", "deflate")]
    if len(packings) > MAX_LAYERS:
        raise CannotUnpack(f"it is packed {len(packings)} times; at most {MAX_LAYERS} are undone")
    return [
        Layer(name, repeated=place > 0 and packings[place - 1] == name)
        for place, name in enumerate(packings)
    ]
