"""Bodies of the verbs, made from their rows."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, create_model

from executions.api.schemas.shared import Body, Json
from executions.states import Phase
from executions.verbs.row import LONGEST_REASON, Argument, Kind, Reason, Verb
from executions.verbs.rows import VERBS

_OPTIONAL = "Why; kept in the history."
_REQUIRED = "Why; kept in the history and the audit."


def body_of(verb: Verb) -> type[Body] | None:
    """The shape of a verb's body; None where it takes none."""
    fields: dict[str, Any] = {each.name: _field(each) for each in verb.arguments}
    if verb.reason == Reason.OPTIONAL:
        fields["reason"] = (str, Field("", max_length=LONGEST_REASON, description=_OPTIONAL))
    elif verb.reason == Reason.REQUIRED:
        required = Field(min_length=1, max_length=LONGEST_REASON, description=_REQUIRED)
        fields["reason"] = (str, required)
    if not fields:
        return None
    name = f"{verb.name.title().replace(' ', '')}Body"
    return create_model(name, __base__=Body, __doc__=verb.body, __module__=__name__, **fields)


def _field(argument: Argument) -> tuple[Any, Any]:
    described: dict[str, Any] = {"description": argument.help}
    if argument.kind is Kind.JSON:
        return Json, Field(**described) if argument.is_required else Field(None, **described)
    if argument.kind is Kind.FLAG:
        return bool, Field(False, **described)
    if argument.kind is Kind.NUMBER:
        bounded: Any = {"ge": argument.least, "le": argument.most, **described}
        if argument.is_required:
            return int, Field(**bounded)
        return int | None, Field(None, **bounded)
    values: Any = Phase if argument.shape == "phase" else _literal(argument)
    return values, Field(**described)


def _literal(argument: Argument) -> Any:
    return Literal[tuple(choice.value for choice in argument.choices)]


BODIES: dict[str, type[Body] | None] = {name: body_of(verb) for name, verb in VERBS.items()}
