"""A demonstration model: it plays scripts, in the protocols of several providers.

It understands nothing. It is there so that an agent works without a key, and so that every fault of
a real model can be played. How a request is read and an answer is written stands in a file for each
protocol (``chat.py``, ``messages.py``).
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from executions.demo.model_ledger import ModelLedger
from executions.demo.scripts import SHIPPED, Play, ScriptError, read

MODEL_NAME = "demo"
CHARACTERS_OF_A_TOKEN = 4
MOST_CALLS_OF_ONE_ANSWER = 32
_PIECES = re.compile(r"\S+\s*|\s+")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: the last ``message`` of a person, how often the model has ``answered`` since, what
    the tools have given since; ``whole`` is all that a repeated request has in common.
    """

    message: str
    answered: int
    results: Sequence[str]
    whole: Mapping[str, Any]

    def tokens(self) -> int:
        return -(-len(json.dumps(self.whole["messages"])) // CHARACTERS_OF_A_TOKEN)

    def digest(self) -> str:
        return hashlib.sha256(json.dumps(self.whole, sort_keys=True).encode()).hexdigest()


class BadRequest(ValueError):
    """A request that a provider would refuse: why."""


class Cut(Exception):
    """The connection is to be closed in the middle of the answer."""


@dataclass(frozen=True, slots=True)
class Unplayed:
    """An answer that is an error: its status, what it says, its code, and when to come again."""

    status: int
    message: str
    code: str
    retry_after: float | None = None

    def headers(self) -> dict[str, str]:
        return {} if self.retry_after is None else {"Retry-After": f"{self.retry_after:g}"}


class Piece(NamedTuple):
    """A part of an answer as it is sent: a text, or a tool call as ``call``."""

    kind: Literal["think", "say", "refuse", "call"]
    text: str
    call: Mapping[str, Any] | None = None


class Playing:
    """One answer that is being sent."""

    def __init__(self, model: DemoModel, number: int, play: Play, input_tokens: int) -> None:
        self._model, self.number, self.play = model, number, play
        self._input_tokens, self._sent, self._in_full = input_tokens, 0, False

    def pieces(self) -> Iterator[Piece]:
        """At their rate. Raises Cut where the connection shall break off."""
        play = self.play
        for text in _PIECES.findall(play.think):
            yield self._sending(Piece("think", text))
        for text in _PIECES.findall(play.say):
            yield self._sending(Piece("say", text))
        if play.silent:
            self._model.stopping.wait(play.silent)
        if play.cut:
            raise Cut
        if play.refuse:
            yield self._sending(Piece("refuse", play.refuse))
        for call in play.calls[:MOST_CALLS_OF_ONE_ANSWER]:
            arguments = call.get("arguments", {})
            text = arguments if isinstance(arguments, str) else json.dumps(arguments)
            yield self._sending(Piece("call", text, call))

    def usage(self) -> tuple[int, int]:
        """Tokens read and written, as the script claims them."""
        claimed = self.play.usage or {}
        read = int(claimed.get("input_tokens", self._input_tokens))
        return read, int(claimed.get("output_tokens", self._output_tokens()))

    def sent_all(self) -> None:
        self._in_full = True

    def end(self) -> None:
        """Write down how much was sent."""
        self._model.ledger.end(self.number, self._output_tokens(), in_full=self._in_full)

    def _sending(self, piece: Piece) -> Piece:
        if self.play.rate:
            self._model.stopping.wait(1 / self.play.rate)
        self._sent += len(piece.text)
        return piece

    def _output_tokens(self) -> int:
        return -(-self._sent // CHARACTERS_OF_A_TOKEN)


class DemoModel:
    """``folder`` holds its ledger and, below ``scripts``, scripts that are played before those that
    came along.
    """

    def __init__(self, folder: Path, stopping: threading.Event) -> None:
        self.ledger = ModelLedger(folder)
        self.stopping = stopping
        self._folders = (folder / "scripts", SHIPPED)

    def models(self) -> dict[str, Any]:
        """The list of models, of one."""
        model = {"id": MODEL_NAME, "object": "model", "created": 0, "owned_by": "demonstration"}
        return {"object": "list", "data": [model]}

    def play(self, asked: Asked) -> Playing | Unplayed:
        """The answer to a request; it is written down before it begins."""
        digest = asked.digest()
        try:
            script, play = self._script_and_play(asked, self.ledger.tried(digest))
        except ScriptError as problem:
            return Unplayed(500, f"a script cannot be played: {problem}", "script")
        tokens = asked.tokens()
        number = self.ledger.begin(digest, script, play.error or 200, tokens)
        if play.error:
            said = play.message or _MEANINGS.get(play.error, "the script says so")
            return Unplayed(play.error, said, play.code or "demonstration", play.retry_after)
        return Playing(self, number, play, tokens)

    def _script_and_play(self, asked: Asked, tried: int) -> tuple[str, Play]:
        last = asked.results[-1] if asked.results else ""
        for script in read(self._folders):
            play = script.play(asked.message, asked.answered, tried, last)
            if play is not None:
                return script.name, play
        return "", Play(say=_WHAT_IT_IS)


_MEANINGS = {
    400: "the request was rejected",
    401: "Incorrect API key provided",
    429: "Rate limit reached",
    500: "The server had an error",
    503: "The model is not available",
    529: "Overloaded",
}
_WHAT_IT_IS = (
    "I am the demonstration model of Stigmer. I understand nothing: I play scripts. Ask me to"
    " check what is in stock, to order something, or to refund an order."
)
