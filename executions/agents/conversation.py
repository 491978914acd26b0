"""The conversation of a run, rebuilt from its steps: each message is stored once, by the step that
made it.

A turn records what it was asked with as a recipe: the digests of the messages that were new, and
one digest of the whole request. So the journal grows with the messages, not with their square.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from executions.mind.messages import Message, added, chained, digest

RECIPE_FORMAT = 1


class Conversation:
    """``head`` is the digest of what stands before the messages: instructions and tools."""

    def __init__(self, head: str, history: Sequence[Message]) -> None:
        self.messages: list[Message] = []
        self.usages: list[dict[str, int]] = []
        self.costs: list[str | None] = []
        self._head = head
        self._new: list[tuple[str, str]] = []
        for message in history:
            self.messages.append(message)
            self._head = chained(self._head, [digest(message)])

    def add(self, path: str, message: Message) -> None:
        """A message, and the step that it comes from."""
        self.messages.append(message)
        self._new.append((path, digest(message)))
        if message["role"] == "assistant":
            self.usages.append(message["usage"])
            self.costs.append(message.get("cost"))

    def recipe(self) -> dict[str, Any]:
        """What the next turn is asked with; what is new is counted from there."""
        sends, self._new = self._new, []
        self._head = chained(self._head, [each for _, each in sends])
        return {
            "format": RECIPE_FORMAT,
            "sends": [list(each) for each in sends],
            "request": self._head,
        }

    def usage(self) -> dict[str, int]:
        return added(self.usages)

    def tokens(self) -> int:
        used = self.usage()
        return used["input_tokens"] + used["output_tokens"]

    def cost(self) -> str | None:
        """What all turns cost together; None where of one it is not known."""
        if any(cost is None for cost in self.costs):
            return None
        return f"{sum((Decimal(str(cost)) for cost in self.costs), Decimal(0)).normalize():f}"
