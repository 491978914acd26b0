"""The functions behind a verb's row, in the module of its name: ``act`` does it, and ``would`` says
what it would do, where a second person has to see that.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from django.contrib.auth.models import User

from executions import audit
from executions.models import Execution
from executions.verbs.row import Reason, Verb


def act_now(
    verb: Verb,
    execution_id: uuid.UUID,
    actor: User,
    arguments: Mapping[str, Any],
    *,
    expected_seq: int | None = None,
    reason: str = "",
) -> Any:
    """Do it, with no second person. Raises Refused, and then nothing was changed."""
    parameters = arguments_of(verb, arguments, reason)
    with audit.asking(parameters):
        return _module(verb).act(execution_id, actor, expected_seq=expected_seq, **parameters)


def effect(
    verb: Verb, execution: Execution, actor: User, arguments: Mapping[str, Any]
) -> dict[str, Any] | None:
    """The effect as the first of two persons sees it; None where the verb does not say. Raises
    Refused where it is not possible.
    """
    would = getattr(_module(verb), "would", None)
    foreseen: dict[str, Any] | None = would and would(
        execution, actor, **_parameters(verb, arguments)
    )
    return foreseen


def arguments_of(verb: Verb, arguments: Mapping[str, Any], reason: str) -> dict[str, Any]:
    """The parameters of the verb's function."""
    parameters = _parameters(verb, arguments)
    return parameters if verb.reason == Reason.NONE else {**parameters, "reason": reason}


def _parameters(verb: Verb, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {
        each.parameter: arguments[each.name] for each in verb.arguments if each.name in arguments
    }


def _module(verb: Verb) -> Any:
    return import_module(f"executions.verbs.{verb.module}")
