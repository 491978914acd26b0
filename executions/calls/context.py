"""The things that a step may know and use while one attempt runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from executions.isolation import Seat
from executions.mind.heard import Heard


class Deadline:
    """A moment on the monotonic clock by which an attempt has to be over."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._at = time.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left, never below zero."""
        return max(0.0, self._at - time.monotonic())

    def seconds_over(self) -> float:
        """How long it has been over, in seconds; negative before."""
        return time.monotonic() - self._at

    def is_over(self) -> bool:
        return self.remaining() == 0.0

    def put_off(self, seconds: float) -> None:
        """Leave time out that was only waited. Before the step begins: nobody else reads it
        then.
        """
        self._at += seconds


class Cancellation:
    """Lets another thread ask a running attempt to stop; a step registers how it can be stopped."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stops: list[Callable[[], None]] = []
        self.requested = threading.Event()

    def on_request(self, stop: Callable[[], None]) -> None:
        """Call ``stop`` when cancellation is asked for; at once if it already was."""
        with self._lock:
            if not self.requested.is_set():
                self._stops.append(stop)
                return
        stop()

    def request(self) -> None:
        with self._lock:
            self.requested.set()
            stops, self._stops = self._stops, []
        for stop in stops:
            stop()


class SecretKeeper(Protocol):
    """The questions of a step about the secrets in its arguments."""

    def fill(self, value: Any) -> Any:
        """``value`` with secrets where an older journal has placeholders."""

    def redact(self, value: Any) -> Any:
        """``value`` as it may be told: in an error or a log."""

    def withholds(self, text: str) -> bool:
        """Whether a secret in the arguments stands in the text that ``redact`` does not search for,
        as it is too short or too common: then the text may not be told at all.
        """

    def kept(self, output: Any) -> Any:
        """The output of the step as it flows on: as it is, but for a journal whose rows cannot keep
        secrets out.
        """

    def learn(self, text: str) -> None:
        """Hide this text too, which was made of secrets in the arguments."""

    def told(self, *pointers: str) -> str | None:
        """How the argument at the first of these places that came from a secret may be told; None
        for none.
        """

    def send_to(self, host: str, port: int) -> None:
        """Refuse a host that the secrets in the arguments may not be sent to: raises
        SecretUnavailable.
        """

    def give_to_command(self) -> None:
        """Refuse a command where the secrets in the arguments may go to some places only: nobody
        knows what it does with them. Raises SecretUnavailable.
        """

    def held_back(self, text: str) -> int:
        """How many characters at the end of a text that goes on may begin a secret."""

    def give_to(self, function: str) -> None:
        """Refuse a Python function that the secrets in the arguments may not be given to: raises
        SecretUnavailable.
        """


class Audience(Protocol):
    """The followers of an answer while it comes. It is shown at once and kept nowhere."""

    def begin(self) -> None:
        """An answer is asked for; what was shown of an earlier attempt counts no more."""

    def hear(self, heard: Heard) -> None:
        """More of it came."""

    def end(self) -> None:
        """Nothing more comes: it is whole, or was broken off."""


class Nobody:
    """Nobody follows it."""

    def begin(self) -> None:
        pass

    def hear(self, heard: Heard) -> None:
        pass

    def end(self) -> None:
        pass


@dataclass(frozen=True, slots=True)
class StepContext:
    """One attempt's surroundings.

    ``limits`` holds the settings that the kind of call reads, by name, ``resources`` what was read
    for it from the database as the attempt began; ``owner`` names whose run it is (an id), ``seat``
    the process that was kept for a function, if one was. ``written`` is the call's ``with`` as the
    author wrote it, ``input`` the input with which the call was first made; ``audience`` is who
    follows an answer while it comes.
    """

    execution_id: str
    correlation_id: str
    path: str
    attempt: int
    idempotency_key: str
    deadline: Deadline
    secrets: SecretKeeper
    owner: str = ""
    seat: Seat | None = None
    cancellation: Cancellation = field(default_factory=Cancellation)
    limits: Mapping[str, Any] = field(default_factory=dict)
    resources: Mapping[str, Any] = field(default_factory=dict)
    written: Mapping[str, Any] = field(default_factory=dict)
    input: Any = None
    audience: Audience = field(default_factory=Nobody)
