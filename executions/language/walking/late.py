"""The parts of a call that read secrets: fixed when the call begins, evaluated at the edge of each
of its attempts.

Which parts these are is known from the definition, never from data. ``control.late`` names them by
their pointers into the arguments, which hold null there. Beside each stands its expression with
what else it reads, as it was when the call began, so that a later attempt sends the same, but for a
secret that changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from executions.expressions import is_expression, late, source_of
from executions.journal.decided import Call
from executions.journal.records import StepRecord
from executions.language.walking.scope import Scope
from executions.pointers import path_of, pointer_of
from executions.secrets import Edge
from executions.secrets.mention import mentions_secrets, names_in, reads_by_name_only

# The keys of a call's address in its arguments.
ADDRESSES = ("/endpoint", "/endpoint/uri")


def resolve(template: Any, scope: Scope, record: StepRecord) -> None:
    """Put the arguments that the template stands for into the record. Raises ExpressionError."""
    late_parts: dict[str, Any] = {}
    record.arguments = _resolved(template, scope, record.input, (), late_parts)
    if late_parts:
        Call.of(record).late = late_parts


def entry(source: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The record of one expression (without ``${ }``): itself, and what else it reads now."""
    said: dict[str, Any] = {"expression": source}
    if reads := late.reads(source, variables):
        said["reads"] = reads
    if made := late.made(source):
        said["made"] = made
    return said


def names_of(record: StepRecord, declared: Iterable[str]) -> frozenset[str]:
    """The secrets that the late parts of a call read; all that are declared where one reads by
    another way.
    """
    names: set[str] = set()
    for said in (Call.of(record).late or {}).values():
        names |= set(names_in(said["expression"]))
        if not reads_by_name_only(said["expression"]):
            names |= set(declared)
    return frozenset(names)


def filled(record: StepRecord, value: Any, edge: Edge, *, seconds: float, owner: str) -> Any:
    """The arguments of a call with its late parts evaluated, in memory.

    ``value`` is the input that it was made with.

    Raises SecretUnavailable and ExpressionError.
    """
    arguments = record.arguments
    for pointer, said in (Call.of(record).late or {}).items():
        result = _evaluated(said, value, edge, seconds, owner)
        edge.tell(
            pointer, _told(said, result, value, edge) if pointer in ADDRESSES else label_of(said)
        )
        arguments = put(arguments, path_of(pointer), result)
    return arguments


def _evaluated(said: dict[str, Any], value: Any, edge: Edge, seconds: float, owner: str) -> Any:
    source = said["expression"]
    variables = {**said.get("reads", {}), "secrets": edge.readable().read_by(source)}
    result = late.evaluate(
        source, value, variables, said.get("made", {}), deadline_seconds=seconds, owner=owner
    )
    edge.learn(result)
    return result


def _told(said: dict[str, Any], result: Any, value: Any, edge: Edge) -> str:
    """How errors name an address that was made of secrets: by their places, as a short one cannot
    be searched for.
    """
    labels = {**said.get("reads", {}), "secrets": edge.labels()}
    beginning = late.told(said["expression"], result, value, labels)
    if beginning is None or "[secret" in beginning:
        return beginning or label_of(said)
    return beginning + label_of(said)


def _resolved(
    part: Any, scope: Scope, value: Any, path: tuple[str | int, ...], late_parts: dict[str, Any]
) -> Any:
    if isinstance(part, str) and is_expression(part):
        source = source_of(part)
        if mentions_secrets(source):
            late_parts[pointer_of(path)] = entry(source, scope.variables)
            return None
        return scope.evaluate(part, value)
    if isinstance(part, dict):
        return {
            key: _resolved(item, scope, value, (*path, key), late_parts)
            for key, item in part.items()
        }
    if isinstance(part, list):
        return [
            _resolved(item, scope, value, (*path, index), late_parts)
            for index, item in enumerate(part)
        ]
    return part


def put(whole: Any, path: list[str], result: Any) -> Any:
    """A copy of ``whole`` with ``result`` at the path; where a person's edit took the place away,
    as it is.
    """
    if not path:
        return result
    first, rest = path[0], path[1:]
    if isinstance(whole, dict) and first in whole:
        return {**whole, first: put(whole[first], rest, result)}
    if isinstance(whole, list) and first.isdigit() and int(first) < len(whole):
        index = int(first)
        return [*whole[:index], put(whole[index], rest, result), *whole[index + 1 :]]
    return whole


def shown(arguments: Any, control: Any) -> Any:
    """Arguments as people see them: `[secret NAME]` at the places of late parts."""
    for pointer, said in (Call(control).late or {}).items() if isinstance(control, dict) else ():
        arguments = put(arguments, path_of(pointer), label_of(said))
    return arguments


def label_of(said: Mapping[str, Any]) -> str:
    """The text in place of a late part: ``[secret NAME]``, with each of its secrets."""
    names = dict.fromkeys(names_in(str(said.get("expression", ""))))
    return f"[secret {', '.join(names)}]" if names else "[secret]"
