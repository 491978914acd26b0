"""Results that are too large for a prompt: kept once in a run, by digest, beside its steps.

The step holds where it is, how large, and how it begins; the model sees that, and reads further
with a tool.
"""

from __future__ import annotations

import json
from typing import Any

MARK = "$stored"
# A model sees so much of a result at once; what is longer is kept beside.
MOST_CHARACTERS = 50_000
MOST_BYTES = 16 * 1024 * 1024
READ_RESULT = "read_result"
DESCRIPTION = "Gives a further part of a result that was too long to be shown whole."
_HEAD, _PART, _ID = 8_000, 30_000, 16
PARAMETERS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "pattern": f"^[0-9a-f]{{{_ID}}}$"},
        "from": {"type": "integer", "minimum": 0, "description": "the first character"},
    },
    "required": ["id"],
    "additionalProperties": False,
}


def text_of(output: Any) -> str:
    """A result as a model reads it."""
    return output if isinstance(output, str) else json.dumps(output, ensure_ascii=False)


def stand_in(digest: str, output: Any, text: str) -> dict[str, Any]:
    """The value in a step that stands for a result kept under this digest."""
    return {
        MARK: {
            "digest": digest,
            "bytes": len(text.encode()),
            "characters": len(text),
            "type": "text" if isinstance(output, str) else "json",
            "head": text[:_HEAD],
        }
    }


def kept(output: Any) -> dict[str, Any] | None:
    """The facts about a result that is kept elsewhere; None where it stands in its step."""
    reference = output.get(MARK) if isinstance(output, dict) and len(output) == 1 else None
    return reference if isinstance(reference, dict) else None


def excerpt(reference: dict[str, Any]) -> str:
    """The text that the model sees of it."""
    head = str(reference["head"])
    return (
        f"{head}\n[cut: {len(head):,} of {int(reference['characters']):,} characters."
        f" `{READ_RESULT}` gives the rest; its id is {str(reference['digest'])[:_ID]}.]"
    )


def part(text: str, begins: int) -> str:
    """A further part, and where the next one begins."""
    excerpt_text = text[begins : begins + _PART]
    ends = begins + len(excerpt_text)
    rest = f"; the next part begins at {ends}" if ends < len(text) else "; that is the end"
    return f"{excerpt_text}\n[characters {begins:,} to {ends:,} of {len(text):,}{rest}]"


def is_told_in(text: str) -> bool:
    """Whether a result that was shown to a model says that there is more of it."""
    return f"`{READ_RESULT}` gives the rest" in text
