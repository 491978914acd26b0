"""Previews of verbs: GET the address to which one is posted. Nothing is changed.

One route for each row of ``executions.verbs`` that has a preview. The shape of its answer is the
type of the preview, made beside the verb.
"""

from __future__ import annotations

import inspect
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router
from ninja.params.functions import Query

from executions import showing
from executions.api import finding
from executions.api.credentials import READ, person
from executions.verbs.acting import looked, type_of_look
from executions.verbs.row import Argument, Kind, Preview, Verb
from executions.verbs.rows import VERBS


def add_previews(router: Router, kind: str) -> None:
    """GET /{execution_id}/<verb> for every verb with a preview."""
    for verb in VERBS.values():
        if verb.preview is not None and (verb.preview.of_agents or kind == "workflow"):
            _add_preview(router, verb, verb.preview, kind)


def _add_preview(router: Router, verb: Verb, preview: Preview, kind: str) -> None:
    def route(request: HttpRequest, execution_id: str, **numbers: int) -> Any:
        execution = finding.execution(person(request), execution_id, kind)
        return showing.value(looked(verb, execution, person(request), numbers).as_json())

    described: Any = route
    described.__signature__ = _signature(verb)
    described.__name__, described.__doc__ = f"preview_{verb.module}", preview.meaning
    router.get(
        f"/{{execution_id}}/{verb.slug}",
        auth=READ,
        response=type_of_look(verb),
        operation_id=f"preview-{verb.slug}-{kind}-execution",
        summary=preview.summary,
    )(described)


def _signature(verb: Verb) -> inspect.Signature:
    """Ninja reads off it what the address is asked with: the numbers among the arguments. A result
    is in no address, as those are logged.
    """
    asked: dict[str, Any] = {"request": HttpRequest, "execution_id": str}
    asked |= {each.name: _number(each) for each in verb.arguments if each.kind is Kind.NUMBER}
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Signature(
        [inspect.Parameter(name, kind, annotation=shape) for name, shape in asked.items()]
    )


def _number(argument: Argument) -> Any:
    described = argument.looked or argument.help
    asked: Any = Query(ge=argument.least, le=argument.most, description=described)
    return Annotated[int, asked]
