"""An agent's run as it goes: its text while it comes, its tool calls with what they gave."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from executions.cli.display import progress
from executions.cli.display.screen import console, note
from executions.cli.display.words import plain
from executions.cli.remote.client import Client
from executions.cli.remote.stream import Update
from executions.states import LOOK_OF_STATUS, OPEN_STATUSES, WaitingFor

RESULT_CHARACTERS = 200
# Of the calls that are over, by their status.
MARKS = {
    status: look.mark for status, look in LOOK_OF_STATUS.items() if status not in OPEN_STATUSES
}
Item = tuple[str, Mapping[str, Any]]


class Talk:
    """Shows updates and deltas one after the other. ``asked`` is called where the run waits for an
    answer of a person.
    """

    def __init__(
        self,
        client: Client,
        execution_path: str,
        *,
        heading: bool = True,
        asked: Callable[[], None] | None = None,
    ) -> None:
        self._client, self._path = client, execution_path
        self._heading, self._asked = heading, asked
        self._shown = self._turns = 0
        # Of the answer that comes now: its step, and what of it was printed.
        self._coming = self._printed = ""

    def hear(self, delta: Mapping[str, Any]) -> None:
        """Print more of an answer; one that begins anew begins in a line of its own.

        At 0 it is all that there is so far: also after a gap, with what was printed in it.
        """
        at, path, text = int(delta["at"]), str(delta["path"]), str(delta["text"])
        if path != self._coming:
            # The journal has the turn before, though its update may come later than this.
            self._read()
        if _turn(path) <= self._turns:
            # It was on its way when its turn ended.
            return
        if path == self._coming and at == 0 and text.startswith(self._printed):
            text = text[len(self._printed) :]
        elif path != self._coming or at == 0:
            self._end_line()
            self._coming, self._printed = path, ""
        elif at != len(self._printed):
            return
        self._printed += text
        _write(text)

    def show(self, update: Update) -> None:
        """Print what the journal has by now."""
        if self._heading:
            self._heading = False
            console().print(progress.heading(update.execution))
        moved = any(str(entry.get("path") or "").startswith("/turn/") for entry in update.entries)
        if moved or update.ended:
            self._read()
        if update.ended:
            self._end(update)
        elif WaitingFor.ANSWER in WaitingFor.apart(update.execution["status"]["waiting_for"] or ""):
            self._end_line()
            (self._asked or self._tell_what_is_asked)()

    def say(self, text: str) -> None:
        """A word about the connection."""
        self._end_line()
        note(text)

    def _read(self) -> None:
        status = self._client.get(self._path)["status"]
        for kind, item in list(_items(status))[self._shown :]:
            if kind == "call" and item["status"] not in MARKS:
                return
            self._shown += 1
            (self._say_text if kind == "text" else self._say_call)(item)

    def _say_text(self, message: Mapping[str, Any]) -> None:
        self._turns += 1
        text = str(message["content"])
        if self._printed and text.startswith(self._printed):
            _write(text[len(self._printed) :])
        else:
            self._end_line()
            _write(text)
        if text:
            print(flush=True)
        self._coming = self._printed = ""

    def _say_call(self, call: Mapping[str, Any]) -> None:
        self._end_line()
        gave = call["error"] or json.dumps(call["result"], ensure_ascii=False)
        arguments = json.dumps(call["arguments"], ensure_ascii=False)
        line = f"{MARKS[call['status']]} {call['name']} {arguments} → {gave}"
        print(f"  {_cut(plain(line))}", flush=True)

    def _end(self, update: Update) -> None:
        self._end_line()
        status = update.execution["status"]
        if status["phase"] != "COMPLETED":
            for text in progress.ending(update.execution, update.entries):
                console().print(text)
            return
        usage = status.get("usage") or {}
        cost = usage.get("cost")
        read, written = usage.get("input_tokens", 0), usage.get("output_tokens", 0)
        shown_cost = "not known" if cost is None else cost
        note(f"({read:,} tokens in, {written:,} out, cost {shown_cost})")

    def _tell_what_is_asked(self) -> None:
        run_id = self._path.rpartition("/")[2]
        for ask in self._client.get("/approvals", execution=run_id)["items"]:
            note(f"{plain(ask['prompt'])}")
            names = "|".join(each["name"] for each in ask["outcomes"])
            note(f"Answer it: stigmer respond {ask['id']} {names}")

    def _end_line(self) -> None:
        if self._printed and not self._printed.endswith("\n"):
            print(flush=True)
        self._printed = ""


def _items(status: Mapping[str, Any]) -> Iterator[Item]:
    """The texts of the model, each followed by the calls that it made, in order."""
    calls = iter(status.get("tool_calls") or ())
    for message in status.get("messages") or ():
        if message["type"] != "AI":
            continue
        yield "text", message
        for _, call in zip(message["tool_calls"] or (), calls, strict=False):
            yield "call", call


def _turn(path: str) -> int:
    """The number at the end of a turn's path."""
    number = path.rpartition("/")[2]
    return int(number) if number.isascii() and number.isdigit() else 0


def _write(text: str) -> None:
    """A character that cannot be printed is shown as U+FFFD; nothing steers the terminal."""
    shown = "".join(
        each if each.isprintable() or each in "\n\t" else "\N{REPLACEMENT CHARACTER}"
        for each in text
    )
    sys.stdout.write(shown)
    sys.stdout.flush()


def _cut(text: str) -> str:
    return text if len(text) <= RESULT_CHARACTERS else f"{text[:RESULT_CHARACTERS]}…"
