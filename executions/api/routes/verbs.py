"""The verbs for an execution: one route for each row of ``executions.verbs``, for both kinds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from ninja import Router, Status
from ninja.params.functions import Body as BodyParameter
from pydantic import BaseModel

from executions.api import finding
from executions.api.credentials import WITH_SCOPE, person
from executions.api.preconditions import expected_seq
from executions.api.render import executions as render
from executions.api.render import proposals as render_proposals
from executions.api.schemas import executions as shapes
from executions.api.schemas.proposals import Proposal
from executions.api.schemas.shared import Body
from executions.api.schemas.verbs import BODIES
from executions.models import Execution
from executions.states import Phase
from executions.verbs.calls import carry_out
from executions.verbs.proposing import Proposed
from executions.verbs.row import Answer, Verb
from executions.verbs.rows import VERBS

_ANSWERS: dict[Answer, type[BaseModel]] = {
    Answer.DECIDED: shapes.Decided,
    Answer.CONTROLLED: shapes.Controlled,
}


def add_verbs(router: Router, kind: str) -> None:
    """POST /{execution_id}/<verb> for every verb."""
    for verb in VERBS.values():
        route = _with_body(_route(verb, kind), BODIES[verb.name])
        add_route(router, verb, f"{verb.slug}-{kind}-execution", verb.summary, route)


def add_route(
    router: Router, verb: Verb, operation_id: str, summary: str, route: Callable[..., Any]
) -> None:
    router.post(
        f"/{{execution_id}}/{verb.slug}",
        auth=WITH_SCOPE[verb.scope],
        response=_answers(verb),
        operation_id=operation_id,
        summary=summary,
        openapi_extra={"x-if-match": True} if verb.is_about_what_was_seen else {},
    )(route)


def _answers(verb: Verb) -> Any:
    """By status: what was done, or that it waits for a second person."""
    answer = _ANSWERS[verb.answer]
    return {200: answer, 202: Proposal} if verb.by_two else answer


def perform(request: HttpRequest, execution: Execution, verb: Verb, body: Body | None) -> Any:
    """Carry out a verb for the caller and say what came of it."""
    try:
        return _performed(request, execution, verb, body)
    except Proposed as waits:
        return Status(202, render_proposals.proposal(waits.proposal))


def _performed(
    request: HttpRequest, execution: Execution, verb: Verb, body: Body | None
) -> BaseModel:
    fields = body.model_fields_set - {"reason"} if body is not None else set()
    outcome = carry_out(
        verb,
        execution.pk,
        person(request),
        {name: getattr(body, name) for name in fields},
        expected_seq=expected_seq(request) if verb.is_about_what_was_seen else None,
        reason=getattr(body, "reason", ""),
    )
    if verb.answer is Answer.DECIDED:
        return render.decided(outcome)
    return _controlled(execution, outcome)


def recover_alias(kind: str, meaning: str) -> Callable[..., Any]:
    """The recovery behind another address."""
    route = _with_body(_route(VERBS["recover"], kind), BODIES["recover"])
    route.__doc__ = meaning
    return route


def _route(verb: Verb, kind: str) -> Callable[..., Any]:
    def route(request: HttpRequest, execution_id: str, body: Any = None) -> Any:
        execution = finding.execution(person(request), execution_id, kind)
        return perform(request, execution, verb, body)

    route.__doc__ = verb.meaning
    route.__name__ = verb.module
    return route


def _with_body(route: Callable[..., Any], shape: type[Body] | None) -> Callable[..., Any]:
    """Ninja reads the body's shape off the signature; one that needs nothing may be left out."""
    annotations: dict[str, Any] = {"request": HttpRequest, "execution_id": str}
    if shape is None:

        def without_body(request: HttpRequest, execution_id: str) -> Any:
            return route(request, execution_id)

        without_body.__doc__, without_body.__name__ = route.__doc__, route.__name__
        without_body.__annotations__ = annotations
        return without_body
    is_needed = any(field.is_required() for field in shape.model_fields.values())
    default: Any = BodyParameter(...) if is_needed else BodyParameter(shape())
    route.__annotations__ = annotations | {"body": shape}
    route.__defaults__ = (default,)
    return route


def _controlled(execution: Execution, phase: Phase) -> shapes.Controlled:
    after = Execution.objects.get(pk=execution.pk)
    is_asked = after.cancel_asked_at is not None or after.pause_asked_at is not None
    return render.controlled(after, asked=is_asked and phase == after.phase and after.is_active())
