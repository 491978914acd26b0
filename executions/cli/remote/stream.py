"""The updates of one execution as Server-Sent Events, resumed where they broke off.

A stream that ends without having said ``end`` was cut: it is asked for again with
``Last-Event-ID``, with growing pauses, until ``GIVE_UP_SECONDS`` passed without an answer. Source:
HTML Living Standard, section 9.2.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from executions.cli.exits import CommandError, ExitCode
from executions.cli.remote.client import Client, ConnectionLost
from executions.cli.remote.problem import ServerProblem

PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)
GIVE_UP_SECONDS = 600.0
_TRANSIENT = frozenset({429, 500, 502, 503, 504})
# The server stops in order: its connection ends now, and the next one goes on from here.
RESTARTING = "restarting"
_REASONS = {"deleted": "the run was deleted", "forbidden": "you may not see the run any more"}


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a stream; ``id`` is empty where it has none."""

    event: str
    data: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class Update:
    """The state of an execution after ``seq``, and the lines of its history that are new.

    ``event`` is ``snapshot``, ``update`` or ``end``; ``lost`` tells how many updates did not reach
    us before it.
    """

    event: str
    seq: int
    execution: dict[str, Any]
    entries: list[dict[str, Any]] = field(default_factory=list)
    ended: bool = False
    lost: int = 0
    raw: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Following:
    """One execution being followed.

    ``said`` hears when the connection is lost and when it is there again.
    """

    client: Client
    execution_path: str
    said: Callable[[str], None]
    after: int | None = None
    pauses: tuple[float, ...] = PAUSES
    # Hears what a model answers to an agent while it comes.
    heard: Callable[[dict[str, Any]], None] = field(default=lambda delta: None)
    _lost_at: float | None = None
    _tries: int = 0

    def updates(self) -> Iterator[Update]:
        """Every update until it has ended.

        Raises CommandError where it cannot be followed (any more).
        """
        while True:
            try:
                for update in self._connected():
                    self._is_there()
                    yield update
                    if update.ended:
                        return
            except (ConnectionLost, ServerProblem) as problem:
                self._is_lost(problem)
            # The server ends a stream now and then on purpose: then there is nothing to say, but to
            # go on.
            time.sleep(self.pauses[min(self._tries, len(self.pauses) - 1)])
            self._tries += 1

    def _connected(self) -> Iterator[Update]:
        headers = {"Accept": "text/event-stream"}
        if self.after is not None:
            headers["Last-Event-ID"] = str(self.after)
        with self.client.lines(f"{self.execution_path}/events", headers) as lines:
            for message in messages(lines):
                if message.event == "delta":
                    self.heard(json.loads(message.data))
                    continue
                update = _read(message)
                if update is not None and (
                    self.after is None or update.seq > self.after or update.ended
                ):
                    yield self._new(self._whole(update))
                    self.after = update.seq

    def _whole(self, update: Update) -> Update:
        """An update before which others were lost is completed from the history."""
        if not update.lost:
            return update
        missed = list(self.client.history(self.execution_path, self.after or 0, upto=update.seq))
        return replace(update, entries=missed, raw={**update.raw, "entries": missed})

    def _new(self, update: Update) -> Update:
        """Without the lines that were seen before: the stream promises the last update, not that
        none comes twice.
        """
        after = self.after
        if after is None:
            return update
        return replace(
            update, entries=[entry for entry in update.entries if int(entry["seq"]) > after]
        )

    def _is_lost(self, problem: CommandError) -> None:
        """Raises the problem where waiting cannot help."""
        may_pass = not isinstance(problem, ServerProblem) or problem.status in _TRANSIENT
        if self.after is None or not may_pass:
            raise problem
        if self._lost_at is None:
            self._lost_at = time.monotonic()
            self.said("connection lost, trying again …")
        elif time.monotonic() - self._lost_at > GIVE_UP_SECONDS:
            raise problem

    def _is_there(self) -> None:
        self._tries = 0
        if self._lost_at is not None:
            self._lost_at = None
            self.said("connected again")


def messages(lines: Iterable[str]) -> Iterator[Message]:
    """The messages in these lines; comments and fields that nobody knows are passed over."""
    event, data, last_id = "", list[str](), ""
    for line in lines:
        if not line:
            if data:
                yield Message(event or "message", "\n".join(data), last_id)
            event, data = "", []
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            data.append(value)
        elif name == "event":
            event = value
        elif name == "id" and "\0" not in value:
            last_id = value


def _read(message: Message) -> Update | None:
    """None for a message that tells nothing new of the execution."""
    body = json.loads(message.data)
    if message.event == "closed" and body.get("reason") == RESTARTING:
        return None
    if message.event == "closed":
        raise CommandError(
            f"The server ended the stream: {_REASONS.get(body.get('reason'), body.get('reason'))}.",
            code=ExitCode.NOT_FOUND,
        )
    if message.event not in ("snapshot", "update", "end") or "execution" not in body:
        return None
    seq, ended = int(body["seq"]), bool(body["ended"])
    return Update(
        message.event,
        seq,
        body["execution"],
        body["entries"],
        ended,
        int(body.get("lost") or 0),
        body,
    )
