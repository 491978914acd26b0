"""Messages from the server to a page, as they travel: JSON objects."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from executions.live.texts import Text

VERSION = 1


@dataclass(frozen=True)
class Part:
    """One fragment: replaces the element ``id``; where there is none, is put ``into`` a list at its
    end (or ``at``). All pages that stand alike get the same one, so that its ``text`` is made once.
    """

    id: str
    html: str
    into: str = ""
    at: str = ""

    def as_json(self) -> dict[str, str]:
        optional = {"into": self.into, "at": self.at}
        return {
            "id": self.id,
            "html": self.html,
            **{key: text for key, text in optional.items() if text},
        }

    @cached_property
    def text(self) -> str:
        return _written(self.as_json())


class Shared(dict[str, Any]):
    """A frame that many pages get: it is written once."""

    @cached_property
    def written(self) -> Text:
        return Text(self.text())

    def text(self) -> str:
        return _written(self)


class Change(Shared):
    """The frame of a topic's new parts, which writes itself from their texts."""

    def __init__(
        self, topic: str, seq: int, parts: Sequence[Part], toasts: Sequence[dict[str, Any]]
    ) -> None:
        shown = [part.as_json() for part in parts]
        super().__init__(v=VERSION, topic=topic, seq=seq, parts=shown)
        if toasts:
            self["toasts"] = list(toasts)
        self.told = parts

    def text(self) -> str:
        rest = _written({key: each for key, each in self.items() if key != "parts"})
        parts = ", ".join(part.text for part in self.told)
        return f'{rest[:-1]}, "parts": [{parts}]}}'


def text(frame: dict[str, Any]) -> Text:
    """The frame as it travels."""
    return frame.written if isinstance(frame, Shared) else Text(_written(frame))


def _written(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)


def change(
    topic: str, seq: int, parts: Sequence[Part], toasts: Sequence[dict[str, Any]] = ()
) -> Change:
    """The topic stands at ``seq``, and these parts of it are new."""
    return Change(topic, seq, parts, toasts)


def reset(topic: str, seq: int) -> dict[str, Any]:
    """Too much has changed to be sent: read the region again."""
    return {"v": VERSION, "topic": topic, "seq": seq, "reset": True}


@lru_cache(maxsize=1024)
def hint(topic: str) -> Shared:
    """Something in this topic changed; the page asks when it suits."""
    return Shared(v=VERSION, topic=topic, hint=True)


def stream(topic: str, delta: Mapping[str, Any]) -> dict[str, Any]:
    """More of an answer came; nothing of it is in the journal before the turn ends."""
    return {"v": VERSION, "topic": topic, "stream": dict(delta)}


def refused(topic: str) -> dict[str, Any]:
    """Unknown, or not for this reader: the answer is the same."""
    return {"v": VERSION, "refused": topic}


def subscribed(topic: str, seq: int) -> dict[str, Any]:
    return {"v": VERSION, "ok": topic, "seq": seq}


def beat(seqs: dict[str, int]) -> dict[str, Any]:
    """The sequence at which each subscribed topic stands; a page that is behind asks again."""
    return {"v": VERSION, "beat": seqs}
