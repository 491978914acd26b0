"""The output of a command as text that does nothing: no colours, cursor or overwritten lines."""

from __future__ import annotations

import re

LOG_CHARACTERS = 60_000
# Control sequences of terminals (ECMA-48: CSI, OSC and its kin, two-character escapes).
_ESCAPE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_].*?(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]|\x9b[0-?]*[ -/]*[@-~]",
    re.DOTALL,
)
# Of the others a text needs only the end of a line and the tabulator.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_BEGUN = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b]{0,4096})?$")


def plain(text: str) -> str:
    """The text without what a terminal would interpret."""
    without = _ESCAPE.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", without)


class Plain:
    """The same for a text that comes in pieces: a sequence that is not whole waits for its rest."""

    def __init__(self) -> None:
        self._held = ""

    def of(self, piece: str) -> str:
        whole = self._held + piece
        unfinished = _BEGUN.search(whole)
        self._held = unfinished.group() if unfinished else "\r" if whole.endswith("\r") else ""
        return plain(whole[: len(whole) - len(self._held)])


def trimmed(text: str) -> str:
    """Without the one line end that every program writes at its end."""
    return text.removesuffix("\n").replace("\x00", "")


def bounded(text: str) -> str:
    """The beginning and the end, where it is too long for the log."""
    if len(text) <= LOG_CHARACTERS:
        return text
    half = LOG_CHARACTERS // 2
    left_out = len(text) - 2 * half
    return f"{text[:half]}\n[… {left_out:,} characters are left out here …]\n{text[-half:]}"
