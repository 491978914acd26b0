"""Carrying out a verb: the one call that every door makes."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User

from executions import audit, sight
from executions.errors import Refused
from executions.said import Said
from executions.verbs import proposing
from executions.verbs.acting import act_now, arguments_of
from executions.verbs.row import Argument, Kind, Verb


def carry_out(
    verb: Verb,
    execution_id: uuid.UUID,
    actor: User,
    arguments: Mapping[str, Any],
    *,
    expected_seq: int | None = None,
    reason: str = "",
) -> Any:
    """Do it; ``arguments`` are those that were given, by the names of the row.

    ``expected_seq`` is the sequence that the actor saw, None where that is not known. Raises
    Refused, and then nothing was changed; Proposed where it waits for a second person now. Its
    result is the verb's ``answer``.
    """
    sight.check_not_masked(actor, dict(arguments))
    if proposing.needs_two(verb):
        raise proposing.propose(
            verb, execution_id, actor, arguments, expected_seq=expected_seq, reason=reason
        )
    return act_now(verb, execution_id, actor, arguments, expected_seq=expected_seq, reason=reason)


def press(
    verb: Verb,
    execution_id: uuid.UUID,
    actor: User,
    arguments: Mapping[str, Any],
    *,
    shown_seq: int,
    expected_seq: int | None,
    reason: str = "",
) -> None:
    """The same for a button on a page that stood at ``shown_seq``: its second click does nothing
    and succeeds.

    Raises Refused, but not where this person did just this just now: a double click is one effect
    with one answer.
    """
    try:
        carry_out(verb, execution_id, actor, arguments, expected_seq=expected_seq, reason=reason)
    except Refused:
        with audit.asking(arguments_of(verb, arguments, reason)) as asked:
            if not audit.is_repetition(verb.name, execution_id, actor, shown_seq, asked):
                raise


def checked(verb: Verb, arguments: Mapping[str, Any]) -> None:
    """Raises Refused where an argument that is needed is missing, or a number is out of its
    bounds.
    """
    for argument in verb.arguments:
        value = arguments.get(argument.name)
        if value is None:
            if argument.is_required:
                raise _missing(argument)
        elif argument.kind is Kind.NUMBER and not _is_within(argument, value):
            raise _missing(argument)


def _missing(argument: Argument) -> Refused:
    allowed = ", ".join(choice.value for choice in argument.choices)
    remedy = Said("Choose one of {allowed}.", allowed=allowed) if allowed else argument.help
    said = Said("{label} is needed.", label=Said(argument.label))
    return Refused("invalid", said, remedy=remedy)


def _is_within(argument: Argument, value: int) -> bool:
    low, high = argument.least, argument.most
    return (low is None or value >= low) and (high is None or value <= high)
