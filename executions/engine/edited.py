"""A person's edit of what a call is made with. They saw `[secret NAME]` where a secret belongs: there it stays."""

from __future__ import annotations

import re
from typing import Any

from executions.errors import Finding, Refused
from executions.pointers import pointer_of
from executions.secrets import shown

_LABEL = re.compile(r"\[secret [^\]]+\]")


def with_secrets(original: Any, edited: Any) -> Any:
    """``edited`` with what a label stands for in ``original`` where both have the same text at the same place.

    Raises Refused for a label anywhere else: nobody knows what should stand there.
    """
    findings: list[Finding] = []
    restored = _restored(original, edited, (), findings)
    if findings:
        raise Refused(
            "invalid", "`[secret …]` stands for a secret only where it stood before.",
            remedy="Leave such a text as it is, or write another one in its place.", findings=findings,
        )  # fmt: skip
    return restored


def _restored(original: Any, edited: Any, path: tuple[str | int, ...], findings: list[Finding]) -> Any:
    if edited == shown(original):
        return original
    if isinstance(edited, dict):
        known = original if isinstance(original, dict) else {}
        return {key: _restored(known.get(key), value, (*path, key), findings) for key, value in edited.items()}
    if isinstance(edited, list):
        items = original if isinstance(original, list) else []
        return [
            _restored(items[index] if index < len(items) else None, value, (*path, index), findings)
            for index, value in enumerate(edited)
        ]
    if isinstance(edited, str) and _LABEL.search(edited):
        findings.append(Finding(pointer_of(path), "there was no secret at this place, or another text"))
    return edited
