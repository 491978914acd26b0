"""The functions behind a verb's row, in the module of its name: ``act`` does it, and ``would`` says
what it would do, where the row has a preview. ``look`` is there where that can be looked at before
the arguments are chosen.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from importlib import import_module
from typing import Any, get_type_hints

from django.contrib.auth.models import User

from executions import audit
from executions.models import Execution
from executions.verbs.deciding.previews import Effects
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
) -> Effects | None:
    """The effect of these arguments; None where the verb does not say. Raises Refused where it is
    not possible.
    """
    would = getattr(_module(verb), "would", None)
    foreseen: Effects | None = would and would(execution, actor, **_parameters(verb, arguments))
    return foreseen


def looked(verb: Verb, execution: Execution, actor: User, arguments: Mapping[str, Any]) -> Effects:
    """The effect as far as it can be said with the numbers alone, as an address has them. Raises
    Refused where it is not possible.
    """
    effects: Effects = _look(verb)(execution, actor, **_parameters(verb, arguments))
    return effects


def type_of_look(verb: Verb) -> Any:
    """The type of what ``looked`` answers with, as the function says it."""
    return get_type_hints(_look(verb))["return"]


def _look(verb: Verb) -> Any:
    module = _module(verb)
    return getattr(module, "look", None) or module.would


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
