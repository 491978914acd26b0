"""Reads what answers have so far."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings

from executions.redis_client import client
from executions.streams.names import head_key, text_key

REDIS_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Streamed:
    """An answer that comes: ``text`` is all of it so far. ``thinking`` and ``arguments`` count
    characters; ``tool`` is the tool whose arguments are written.
    """

    token: int
    attempt: int
    path: str
    text: str
    thinking: int
    tool: str
    arguments: int
    size: int

    def is_of(self, other: Streamed | None) -> bool:
        """Whether both are the same answer, at different moments."""
        return other is not None and self._place == (other.token, other.attempt, other.path)

    @property
    def _place(self) -> tuple[int, int, str]:
        return self.token, self.attempt, self.path


def read(shown: Mapping[uuid.UUID, Streamed | None]) -> dict[uuid.UUID, Streamed]:
    """The answers that come in these executions. ``shown`` is what was read before: only what came
    since is read again. Raises RedisError.
    """
    streamed: dict[uuid.UUID, Streamed] = {}
    asked = list(shown.items())
    while asked:
        again: list[tuple[uuid.UUID, Streamed | None]] = []
        for (key, before), (head, text) in zip(asked, _ask(asked), strict=True):
            if not head:
                continue
            now = _streamed(head, text, before)
            if now is None:
                again.append((key, None))
            else:
                streamed[key] = now
        asked = again
    return streamed


def _ask(
    asked: list[tuple[uuid.UUID, Streamed | None]],
) -> list[tuple[dict[bytes, bytes], bytes]]:
    pipeline = client(settings.REDIS_URL, REDIS_SECONDS).pipeline(transaction=True)
    for key, before in asked:
        pipeline.hgetall(head_key(key))
        # From the last byte on, which tells whether the rest before it is still there.
        pipeline.getrange(text_key(key), max(0, before.size - 1) if before else 0, -1)
    answers = pipeline.execute()
    return list(zip(answers[::2], answers[1::2], strict=True))


def _streamed(head: dict[bytes, bytes], text: bytes, before: Streamed | None) -> Streamed | None:
    """The answer; None where it is another one than before: it is read from its beginning."""
    texts = {name.decode(): value.decode() for name, value in head.items()}
    token, attempt = int(texts["token"]), int(texts["attempt"])
    held, size, new = "", 0, text
    if before is not None:
        if (token, attempt, texts["path"]) != (before.token, before.attempt, before.path):
            return None
        if before.size:
            if not text:
                return None
            held, size, new = before.text, before.size, text[1:]
    return Streamed(
        token,
        attempt,
        texts["path"],
        held + new.decode(),
        int(texts["thinking"]),
        texts["tool"],
        int(texts["arguments"]),
        size + len(new),
    )
