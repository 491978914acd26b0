"""A verb's arguments as fields of a form: what is asked, and what a sent form means."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from executions.errors import Refused
from executions.models import Execution
from executions.roles import Role
from executions.verbs.calls import checked
from executions.verbs.row import Argument, Choice, Kind, Reason, Verb

_NOTHING = object()
_LONGEST_NUMBER = 18


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name, its words, and how it is asked for."""

    name: str
    label: str
    help: str
    is_required: bool = False
    is_flag: bool = False
    is_json: bool = False
    choices: tuple[Choice, ...] = ()


def fields(verb: Verb, executions: Iterable[Execution], role: Role = Role.OWNER) -> list[Field]:
    """The fields of a verb for these executions, the reason last; ``role`` decides whether that is
    needed.
    """
    found = [_field(each, executions) for each in verb.arguments]
    if verb.reason != Reason.NONE:
        is_required = verb.needs_reason_of(role)
        found.append(Field("reason", "Reason", "Kept in the history.", is_required))
    return found


def given(verb: Verb, sent: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments in a sent form, by the names of the row.

    Raises Refused for what cannot be read.

    A field that is missing, or empty where it may be, is no argument.
    """
    values = {each.name: _value(each, sent) for each in verb.arguments}
    found = {name: value for name, value in values.items() if value is not _NOTHING}
    checked(verb, found)
    return found


def _field(argument: Argument, executions: Iterable[Execution]) -> Field:
    choices = argument.choices
    if argument.shape == "phase":
        from executions.verbs.deciding import override

        possible = {phase for execution in executions for phase in override.choices(execution)}
        choices = tuple(Choice(str(phase), str(phase)) for phase in sorted(possible))
    return Field(
        argument.in_form,
        argument.label,
        argument.note or argument.help,
        argument.is_required,
        argument.kind is Kind.FLAG,
        argument.kind is Kind.JSON,
        choices,
    )


def _value(argument: Argument, sent: Mapping[str, Any]) -> Any:
    if argument.kind is Kind.FLAG:
        return sent.get(argument.in_form) == "on"
    text = sent.get(argument.in_form)
    if text is None or (argument.may_be_blank and not text.strip()):
        return _NOTHING
    if argument.kind is Kind.NUMBER:
        is_number = text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER
        return int(text) if is_number else -1
    return _json(text, f"The {argument.name}") if argument.kind is Kind.JSON else text


def _json(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as problem:
        message = f"{what} is not JSON: {problem}."
        raise Refused("invalid", message, remedy="Correct it and send it again.") from problem
