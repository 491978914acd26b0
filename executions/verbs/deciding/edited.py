"""A person's edit of what a call is made with.

They saw `[secret NAME]` where a secret belongs: there it stays.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from executions.calls.table import EVERY_CALL
from executions.errors import Finding, Refused
from executions.expressions import is_expression, source_of
from executions.journal.decided import Call
from executions.journal.records import StepRecord
from executions.language.walking import late
from executions.pointers import path_of, pointer_of
from executions.said import Said
from executions.secrets import shown
from executions.secrets.mention import names_in

_LABEL = re.compile(r"\[secret[^\]]*\]")
_GONE = object()
# The destinations of a call: with its secrets it goes there only by the word of somebody who may
# use them.
_DESTINATIONS = frozenset(name for kind in EVERY_CALL.values() for name in kind.destinations)


@dataclass(frozen=True, slots=True)
class Edited:
    """``arguments`` and ``late`` as they stand in the step's record; ``redirects`` names the
    secrets that would go elsewhere, or otherwise, than the workflow's author said.
    """

    arguments: dict[str, Any]
    late: dict[str, Any]
    redirects: frozenset[str]


def edited(record: StepRecord, arguments: dict[str, Any], declared: Collection[str]) -> Edited:
    """The edit of this call.

    At the place of a secret the label keeps it, another expression replaces it (over ``declared``
    secrets), and any other value takes its place.

    Raises Refused for a label anywhere else, and for an expression that cannot be used.
    """
    findings: list[Finding] = []
    kept: dict[str, Any] = {}
    replaced = False
    for pointer, said in (Call.of(record).late or {}).items():
        value = _at(arguments, path_of(pointer))
        if value is _GONE:
            continue
        if value in (None, late.label_of(said)):
            kept[pointer] = said
        elif isinstance(value, str) and is_expression(value):
            replaced = True
            kept[pointer] = {**said, "expression": source_of(value)}
            findings += _problems(pointer, source_of(value), declared)
        else:
            continue
        arguments = late.put(arguments, path_of(pointer), None)
    restored = _restored(record.arguments, arguments, (), findings)
    if findings:
        raise Refused(
            "invalid",
            "The edited input cannot be used.",
            remedy="Leave `[secret …]` where it stands, or write another value in its place.",
            findings=findings,
        )
    moved = any(restored.get(name) != (record.arguments or {}).get(name) for name in _DESTINATIONS)
    sent = late.names_of(record, declared) | {
        name for said in kept.values() for name in names_in(said["expression"])
    }
    return Edited(restored, kept, sent if kept and (moved or replaced) else frozenset())


def _problems(pointer: str, source: str, declared: Collection[str]) -> list[Finding]:
    # Whether it compiles is seen when it is evaluated: not here, inside a transaction.
    return [
        Finding(pointer, Said("the secret {name} is not declared", name=name))
        for name in names_in(source)
        if name not in declared
    ]


def _at(whole: Any, path: list[str]) -> Any:
    for part in path:
        if isinstance(whole, dict) and part in whole:
            whole = whole[part]
        elif isinstance(whole, list) and part.isdigit() and int(part) < len(whole):
            whole = whole[int(part)]
        else:
            return _GONE
    return whole


def _restored(
    original: Any, edited: Any, path: tuple[str | int, ...], findings: list[Finding]
) -> Any:
    if edited == shown(original):
        return original
    if isinstance(edited, dict):
        fields = original if isinstance(original, dict) else {}
        return {
            key: _restored(fields.get(key), value, (*path, key), findings)
            for key, value in edited.items()
        }
    if isinstance(edited, list):
        items = original if isinstance(original, list) else []
        return [
            _restored(items[index] if index < len(items) else None, value, (*path, index), findings)
            for index, value in enumerate(edited)
        ]
    if isinstance(edited, str) and _LABEL.search(edited):
        findings.append(
            Finding(pointer_of(path), "`[secret …]` stands for a secret only where it stood before")
        )
    return edited
