"""Frames as they travel: the text of a part is made once, and says what the frame says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dashboard.live import frames
from dashboard.live.frames import Part

HOSTILE = 'é "quoted" \\ </script>\n\u2028 "parts": []'


@pytest.mark.parametrize(
    "frame",
    [
        frames.change("t", 7, []),
        frames.change("t", 7, [Part("a", HOSTILE), Part("b", "", into="list", at="afterbegin")]),
        frames.change(HOSTILE, 7, [Part(HOSTILE, "x")], [{"id": "n", "text": HOSTILE}]),
        frames.reset("t", 7),
        frames.beat({"t": 7}),
    ],
)
def test_a_frame_travels_as_the_json_of_what_it_says(frame: dict[str, Any]) -> None:
    assert json.loads(frames.text(frame).text) == frame


def test_a_part_that_many_pages_get_is_written_once(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Any] = []
    write = frames._written

    def writing(value: Any) -> str:
        written.append(value)
        return write(value)

    monkeypatch.setattr(frames, "_written", writing)
    part = Part("a", "shown to many")
    texts = {frames.text(frames.change("t", 7, [part])).text for _ in range(3)}
    assert len(texts) == 1
    assert written.count(part.as_json()) == 1
