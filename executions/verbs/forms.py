"""A verb's arguments as fields of a form: what is asked, and what a sent form means."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from executions.errors import Refused
from executions.models import Execution, WorkflowVersion
from executions.roles import Role
from executions.said import Said
from executions.verbs.calls import checked
from executions.verbs.row import Argument, Choice, Kind, Reason, Verb

_NOTHING = object()
_LONGEST_NUMBER = 18
MOST_OFFERED = 500
LONGEST_OFFERED = 100


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name, its words, how it is asked for, and the text that was sent before."""

    name: str
    label: str
    help: str
    is_required: bool = False
    is_flag: bool = False
    is_json: bool = False
    choices: tuple[Choice, ...] = ()
    typed: str = ""


def fields(
    verb: Verb,
    executions: Sequence[Execution],
    role: Role = Role.OWNER,
    sent: Mapping[str, Any] | None = None,
) -> list[Field]:
    """The fields of a verb for these executions, the reason last; ``role`` decides whether that is
    needed. They hold the values that were ``sent`` before.
    """
    typed = {} if sent is None else sent
    form_fields = [
        _field(each, executions, str(typed.get(each.in_form, ""))) for each in verb.arguments
    ]
    if verb.reason != Reason.NONE:
        is_required = verb.needs_reason_of(role)
        text = str(typed.get("reason", ""))
        form_fields.append(
            Field("reason", "Reason", "Kept in the history.", is_required, typed=text)
        )
    return form_fields


def arguments_of(verb: Verb, sent: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments in a sent form, by the names of the row.

    Raises Refused for what cannot be read.

    A field that is missing, or empty where it may be, is no argument.
    """
    values = {each.name: _value(each, sent) for each in verb.arguments}
    arguments = {name: value for name, value in values.items() if value is not _NOTHING}
    checked(verb, arguments)
    return arguments


def _field(argument: Argument, executions: Sequence[Execution], typed: str) -> Field:
    offers = _OFFERS.get(argument.name)
    choices = argument.choices or (offers(executions) if offers is not None else ())
    if choices and typed and typed not in {choice.value for choice in choices}:
        choices += (Choice(typed, f"{typed[:LONGEST_OFFERED]} (not offered)"),)
    return Field(
        argument.in_form,
        argument.label,
        argument.note or argument.help,
        argument.is_required,
        argument.kind is Kind.FLAG,
        argument.kind is Kind.JSON,
        choices,
        typed,
    )


def _phases(executions: Sequence[Execution]) -> tuple[Choice, ...]:
    from executions.verbs.deciding import override

    possible = {phase for execution in executions for phase in override.choices(execution)}
    return tuple(Choice(str(phase), str(phase)) for phase in sorted(possible))


def _checkpoints(executions: Sequence[Execution]) -> tuple[Choice, ...]:
    """Those of one run; several have none in common but the beginning."""
    from executions.verbs.deciding import restore

    if len(executions) != 1:
        return ()
    checkpoints = restore.checkpoints(executions[0])[:MOST_OFFERED]
    named = (
        Choice(str(each.seq), f"{each.seq}: {each.path[-LONGEST_OFFERED:]}") for each in checkpoints
    )
    return (Choice("0", "0: the beginning"), *named)


def _versions(executions: Sequence[Execution]) -> tuple[Choice, ...]:
    """Those of one run's workflow, the newest first."""
    if len(executions) != 1 or executions[0].workflow_id is None:
        return ()
    rows = WorkflowVersion.objects.filter(workflow=executions[0].workflow_id).order_by("-number")
    present = executions[0].version_id
    return tuple(
        Choice(
            str(number), f"{number} (the one that it follows)" if key == present else str(number)
        )
        for key, number in rows.values_list("pk", "number")[:MOST_OFFERED]
    )


# The arguments whose values are known beforehand, by name.
_OFFERS: dict[str, Callable[[Sequence[Execution]], tuple[Choice, ...]]] = {
    "phase": _phases,
    "checkpoint_seq": _checkpoints,
    "version": _versions,
}


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
        message = Said("{what} is not JSON: {problem}.", what=what, problem=problem)
        raise Refused("invalid", message, remedy="Correct it and send it again.") from problem
