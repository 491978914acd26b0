"""Foreign text made fit for one line on a page and in a log."""

from __future__ import annotations

import re
import unicodedata

# CSI, OSC and the two-character sequences of ECMA-48.
_ANSI = re.compile(
    r"\x1b(?:\[[0-?]*["
    r" -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[@-Z\\-_])"
)
_C1_CSI = re.compile(r"\x9b[0-?]*[ -/]*[@-~]")
_TAG = re.compile(r"<[A-Za-z/!?][^<>]*(?:>|\Z)")
_BLANKS = re.compile(r"\s+")
# Control, format (bidirectional overrides, zero width), surrogate, private use, unassigned.
_UNWANTED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_LONGEST_READ = 20_000


def sanitise_reason(text: str, limit: int = 500) -> str:
    """One line of plain text of at most ``limit`` characters: no control characters, no
    bidirectional overrides, no terminal codes, no markup tags, single blanks; an ellipsis shows
    that it was cut.
    """
    text = text[: max(_LONGEST_READ, limit)]
    text = _C1_CSI.sub("", _ANSI.sub("", text))
    text = "".join(
        " " if character.isspace() else character
        for character in text
        if character.isspace() or unicodedata.category(character) not in _UNWANTED
    )
    while True:
        # Taking a tag out can make another one of what stood around it.
        without = _TAG.sub("", text)
        if without == text:
            break
        text = without
    text = _BLANKS.sub(" ", text).strip()
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
