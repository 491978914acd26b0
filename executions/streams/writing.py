"""Writes what comes of answers to Redis: one thread of the worker for all its runs.

A call that hears a piece hands it over and goes on. The thread writes what came since it wrote
last, all answers in one trip, at most every ``PERIOD_SECONDS``. It keeps what an answer has so far,
so that a Redis that lost it gets all of it again. While Redis does not answer nothing is shown, and
nothing else changes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

import redis
import structlog
from django.conf import settings

from executions.mind.heard import Heard, together
from executions.redis_client import client
from executions.streams.names import CHANNEL, MOST_BYTES, Place, head_key, text_key

PERIOD_SECONDS = 0.04
REDIS_SECONDS = 0.5
AGAIN_SECONDS = 1.0
KEPT_SECONDS = 600
# The journal has the answer by then.
KEPT_AFTER_THE_END_SECONDS = 5
IDLE_SECONDS = 60.0
GONE, STALE, BUSY = -1, -2, -3
log = structlog.get_logger(__name__)

# Adds to an answer, where it stands as the writer thinks; from 0 on it begins anew. Of two of one
# run that come at the same time the first is shown, the other once that is over.
_WRITE = """
local known = redis.call('HMGET', KEYS[1], 'token', 'attempt', 'path', 'over')
local token, attempt = tonumber(known[1] or '-1'), tonumber(known[2] or '-1')
local my_token, my_attempt, from = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[4])
local is_other = token == my_token and known[3] ~= ARGV[3]
local is_newer = token == my_token and not is_other and attempt > my_attempt
if token > my_token or is_newer then return -2 end
if is_other and known[4] == '' then return -3 end
if from == 0 then
  redis.call('DEL', KEYS[2])
elseif is_other or token ~= my_token or attempt ~= my_attempt
  or redis.call('STRLEN', KEYS[2]) ~= from then
  return -1
end
redis.call('HSET', KEYS[1], 'token', ARGV[1], 'attempt', ARGV[2], 'path', ARGV[3],
  'thinking', ARGV[6], 'tool', ARGV[7], 'arguments', ARGV[8], 'over', ARGV[10])
local size = redis.call('APPEND', KEYS[2], ARGV[5])
redis.call('EXPIRE', KEYS[1], ARGV[9])
redis.call('EXPIRE', KEYS[2], ARGV[9])
return size
"""


class Stream:
    """One answer; an ``Audience`` (executions.calls.context)."""

    def __init__(self, writer: Writer, place: Place) -> None:
        self._writer, self.place = writer, place
        self._lock = threading.Lock()
        self._new: list[Heard] = []
        self._is_over = False
        self._text = bytearray()
        self._thinking = self._arguments = 0
        self._tool = ""
        self._sent = 0
        self._is_stale = False

    def begin(self) -> None:
        self._writer.wake(self)

    def hear(self, heard: Heard) -> None:
        with self._lock:
            self._new.append(heard)
        self._writer.wake(self)

    def end(self) -> None:
        with self._lock:
            self._is_over = True
        self._writer.wake(self)

    def due(self) -> list[Any] | None:
        """The arguments of the script; None where nobody wants them any more. By the thread."""
        with self._lock:
            new, self._new = self._new, []
        if self._is_stale:
            return None
        heard = together(new)
        self._take(heard)
        place = self.place
        kept = KEPT_AFTER_THE_END_SECONDS if self._is_over else KEPT_SECONDS
        return [
            head_key(place.execution_id),
            text_key(place.execution_id),
            place.token,
            place.attempt,
            place.path,
            self._sent,
            bytes(self._text[self._sent :]),
            self._thinking,
            self._tool,
            self._arguments,
            kept,
            "1" if self._is_over else "",
        ]

    def answered(self, size: int) -> bool:
        """Reads Redis' answer; whether the piece has to be sent again."""
        self._is_stale = size == STALE
        self._sent = max(0, size)
        return size == GONE

    def is_lost(self) -> None:
        """Nobody knows how much of it Redis has."""
        self._sent = 0

    def _take(self, heard: Heard) -> None:
        room = MOST_BYTES - len(self._text)
        text = heard.text.encode()
        # Pages show a beginning of the answer, of whole characters.
        self._text += text if len(text) <= room else text[:room].decode(errors="ignore").encode()
        self._thinking += heard.thinking
        self._arguments = heard.arguments + (0 if heard.tool else self._arguments)
        self._tool = heard.tool or self._tool


class Writer:
    """The thread; it ends where nothing came for a while, and starts with the next answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[Stream, None] = {}
        self._filled = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_away = False
        self._is_closed = False

    def wake(self, stream: Stream) -> None:
        """There is something to write of this answer."""
        with self._lock:
            self._waiting[stream] = None
            if self._thread is None and not self._is_closed:
                self._thread = threading.Thread(target=self._run, name="streams", daemon=True)
                self._thread.start()
        self._filled.set()

    def close(self) -> None:
        """Write what waits, and stop."""
        with self._lock:
            self._is_closed, thread = True, self._thread
        self._filled.set()
        if thread is not None:
            thread.join(timeout=2)

    def _run(self) -> None:
        while True:
            self._filled.wait(IDLE_SECONDS)
            self._filled.clear()
            with self._lock:
                streams, self._waiting = list(self._waiting), {}
                if not streams and (self._is_closed or not self._filled.is_set()):
                    self._thread = None
                    return
            wrote_at = time.monotonic()
            pause = PERIOD_SECONDS if self._write(streams) else AGAIN_SECONDS
            time.sleep(max(0.0, pause - (time.monotonic() - wrote_at)))

    def _write(self, streams: Sequence[Stream]) -> bool:
        """Whether Redis took it."""
        wanted = [(stream, due) for stream in streams if (due := stream.due()) is not None]
        if not wanted:
            return True
        try:
            self._send(wanted)
        except (redis.RedisError, OSError) as problem:
            if not self._is_away:
                log.warning("answers are not shown while they come", problem=str(problem))
            self._is_away = True
            for stream, _ in wanted:
                stream.is_lost()
            return False
        self._is_away = False
        return True

    def _send(self, wanted: Sequence[tuple[Stream, list[Any]]]) -> None:
        names = "\n".join({stream.place.execution_id.hex for stream, _ in wanted})
        pipeline = client(settings.REDIS_URL, REDIS_SECONDS).pipeline(transaction=False)
        for _, due in wanted:
            pipeline.eval(_WRITE, 2, *due)
        pipeline.publish(CHANNEL, names)
        for (stream, _), size in zip(wanted, pipeline.execute(), strict=False):
            if stream.answered(int(size)):
                self.wake(stream)


_lock = threading.Lock()
_shared: Writer | None = None


def stream(place: Place) -> Stream:
    """The stream of the answer at this place, which is written while it comes."""
    global _shared
    with _lock:
        _shared = _shared or Writer()
        return Stream(_shared, place)


def close() -> None:
    """Write what waits; the next answer begins anew."""
    global _shared
    with _lock:
        writer, _shared = _shared, None
    if writer is not None:
        writer.close()
