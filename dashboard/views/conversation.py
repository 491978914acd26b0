"""The conversation with an agent: what was said, what its tools did, and saying more."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dashboard.queries import agents, talks
from dashboard.queries.reported import report_of
from dashboard.talk import talk_of
from dashboard.views.agents import message_problem, said_once, start_once
from dashboard.views.execution import execution_or_404
from dashboard.views.pages import page as for_people
from dashboard.views.pages import person
from dashboard.views.refusing import status_of
from dashboard.views.starting import STATUSES
from dashboard.views.tabs import tab
from executions.driving import approved, queued
from executions.errors import Refused
from executions.models import Agent, Execution
from executions.states import ENDED_PHASES, Runner

MOST_TURN = 10_000


@for_people
@require_safe
def page(request: HttpRequest, public_id: str) -> HttpResponse:
    """The conversation up to this run, and a form to say more."""
    return _page(request, _agent_run_or_404(request, public_id))


@for_people
@require_POST
def reply(request: HttpRequest, public_id: str) -> HttpResponse:
    """Say something after this run, or after a turn of it: a new run that knows what was said.

    ``known`` in the form are the runs that the page knew to go on from it: where there is another
    one by now the reader decides.
    """
    before = _agent_run_or_404(request, public_id)
    agent = _agent(request, before)
    if agent is None:
        raise Http404
    up_to, message = _turn(request), request.POST.get("message", "").strip()
    problem, status, others = message_problem(message), 400, list[str]()
    if not problem and up_to is None and before.phase not in ENDED_PHASES:
        try:
            said_once(request, before, message)
            return redirect("execution-conversation", before.public_id)
        except Refused as refused:
            # It may have ended this moment: the form is shown again, and begins the next run.
            problem, status = refused.text, STATUSES.get(refused.code, 400)
    if not problem and up_to is None:
        seen = set(request.POST.get("known", "").split())
        others = [each for each in talks.newer_than(before) if each not in seen]
        if others:
            problem, status = _("Somebody has gone on from here meanwhile."), 409
    if not problem:
        how: dict[str, Any] = {"from_run": before.public_id}
        if up_to is not None:
            how["from_turn"] = up_to
        if before.session is not None and before.session.owner_id == person(request).pk:
            how["session"] = before.session
        mark = "" if up_to is None else f" {up_to}"
        try:
            started = start_once(request, f"reply {before.public_id}{mark}", agent, message, **how)
            return redirect("execution-conversation", started)
        except Refused as refused:
            problem, status = refused.text, STATUSES.get(refused.code, 400)
    typed = {"message": message, "problem": problem, "others": others, "up_to": up_to}
    return _page(request, before, status=status, **typed)


@for_people
@require_POST
def take_back(request: HttpRequest, public_id: str) -> HttpResponse:
    """From its next call on a tool asks again that was approved for the rest of the run."""
    execution = _agent_run_or_404(request, public_id)
    try:
        approved.take_back(execution, person(request), request.POST.get("tool", ""))
    except Refused as refused:
        typed: dict[str, Any] = {
            "problem": refused.text,
            "message": "",
            "others": [],
            "up_to": None,
        }
        return _page(request, execution, status=status_of(refused), **typed)
    return redirect("execution-conversation", execution.public_id)


def _agent_run_or_404(request: HttpRequest, public_id: str) -> Execution:
    execution = execution_or_404(request, public_id)
    if execution.kind != "agent":
        raise Http404
    return execution


def _agent(request: HttpRequest, execution: Execution) -> Agent | None:
    """The agent, where this person may say more to it: it is their own conversation."""
    user = person(request)
    if execution.agent_id is None or execution.owner_id != user.pk:
        return None
    return agents.one(user, execution.agent_id)


def _turn(request: HttpRequest) -> int | None:
    """Up to which turn of the run the new one goes on; None for all of them."""
    said = request.POST.get("from_turn", "")
    if not said:
        return None
    if not (said.isascii() and said.isdigit() and int(said[:9]) <= MOST_TURN):
        raise Http404
    return int(said)


def _page(
    request: HttpRequest, execution: Execution, *, status: int = 200, **typed: Any
) -> HttpResponse:
    talk, is_ours = talk_of(execution, person(request)), execution.runner == Runner.OURS
    reported = None if is_ours else report_of(execution)
    if reported is not None:
        talk = replace(talk, usage=reported.usage, cost=reported.cost)
    context = {
        "talk": talk,
        "told": reported,
        "waiting": queued.left_by(execution.pk) if is_ours else [],
        "said_by": execution.owner,
        "may_say": is_ours and _agent(request, execution) is not None,
        "composer": is_ours,
        "is_over": execution.phase in ENDED_PHASES,
        "known": " ".join(talk.newer),
        "key": uuid.uuid4().hex,
        "typed": typed,
    }
    return tab(request, execution, "conversation", context, status=status)
