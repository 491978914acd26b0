"""The conversation of a run, rebuilt from its steps: each message is stored once, by the step that
made it.

A turn records what it was asked with as a recipe: the digests of the messages that were new, and
one digest of the whole request. So the journal grows with the messages, not with their square.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from executions.agents.compacting import replaced
from executions.mind.messages import Message, added, chained, digest

RECIPE_FORMAT = 1


class Conversation:
    """``head`` is the digest of what stands before the messages: instructions and tools. ``hide``
    takes secrets out of what people and tools say.
    """

    def __init__(
        self, head: str, history: Sequence[Message], hide: Callable[[str], str] = str
    ) -> None:
        self._hide = hide
        self.messages: list[Message] = []
        self.usages: list[dict[str, int]] = []
        self.costs: list[str | None] = []
        self._head = self._top = head
        self._new: list[tuple[str, str]] = []
        # The place where it begins anew, with its summary, for the recipe of the next turn.
        self._begins: dict[str, Any] | None = None
        for message in map(self._hidden, history):
            self.messages.append(message)
            self._head = chained(self._head, [digest(message)])

    def add(self, path: str, message: Message) -> None:
        """A message, and the step that it comes from."""
        message = self._hidden(message)
        self.messages.append(message)
        self._new.append((path, digest(message)))
        if message["role"] == "assistant":
            self._count(message)

    def shorten(self, path: str, said: Message, summary: Message, keeps: int) -> None:
        """From now on the ``summary``, of what a model ``said`` at this step, stands in the place
        of all but the last messages.
        """
        self.messages = replaced(self.messages, keeps, summary)
        first, *last = (digest(message) for message in self.messages)
        self._head = chained(self._top, [first, *last])
        self._new = []
        self._begins = {"path": path, "digest": first, "keeps": keeps}
        self._count(said)

    def fills(self, share: float) -> bool:
        """Whether its last answer says that so much of what the model may read is used."""
        last = self.messages[-1]
        most, used = last.get("context_tokens"), last.get("usage", {})
        read = used.get("input_tokens", 0) + used.get("output_tokens", 0)
        return most is not None and read >= share * int(most)

    def _hidden(self, message: Message) -> Message:
        """No secret reaches a prompt; what a model said is left as it was."""
        if message["role"] == "assistant":
            return message
        return message | {"text": self._hide(message["text"])}

    def _count(self, message: Message) -> None:
        self.usages.append(message["usage"])
        self.costs.append(message.get("cost"))

    def recipe(self) -> dict[str, Any]:
        """The recipe of the next request to the model; new messages are counted from there."""
        sends, self._new = self._new, []
        begins, self._begins = self._begins, None
        self._head = chained(self._head, [each for _, each in sends])
        recipe = {
            "format": RECIPE_FORMAT,
            "sends": [list(each) for each in sends],
            "request": self._head,
        }
        return recipe | ({"begins": begins} if begins else {})

    def usage(self) -> dict[str, int]:
        return added(self.usages)

    def tokens(self) -> int:
        used = self.usage()
        return used["input_tokens"] + used["output_tokens"]

    def cost(self) -> str | None:
        """The cost of all turns together; None where that of one is not known."""
        if any(cost is None for cost in self.costs):
            return None
        return f"{sum((Decimal(str(cost)) for cost in self.costs), Decimal(0)).normalize():f}"
