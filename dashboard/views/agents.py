"""Agents, their pages, and talking to one: a message starts a run."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from dashboard import highlight
from dashboard.paging import id_or_404
from dashboard.queries import agents as queries
from dashboard.views.execution import found
from dashboard.views.pages import page as for_people
from dashboard.views.pages import person
from dashboard.views.starting import STATUSES, started_once
from executions import clock
from executions.errors import Refused
from executions.intake.readiness import require_queue
from executions.intake.start import start_agent
from executions.models import Agent

IDS = "agt"
LONGEST = 200
MOST_CHARACTERS = 20_000


@for_people
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """The agents that this person may talk to."""
    text = request.GET.get("q", "").strip()[:LONGEST]
    context = {
        "rows": queries.page(person(request), text),
        "text": text,
        "server_now": clock.now(),
    }
    return render(request, "dashboard/agents.html", context)


@for_people
@require_safe
def page(request: HttpRequest, public_id: str) -> HttpResponse:
    """What an agent is told, a form to talk to it, and its latest runs."""
    return _page(request, _found(request, public_id))


@for_people
@require_POST
def talk(request: HttpRequest, public_id: str) -> HttpResponse:
    """Start a run with a message and go to its page. A refusal stands in the form, with all that
    was typed; a form that is sent twice starts one run.
    """
    agent = _found(request, public_id)
    message = request.POST.get("message", "").strip()
    if problem := _problem(message):
        return _page(request, agent, message=message, problem=problem, status=400)
    try:
        begin = partial(_start, request, agent, message)
        started = started_once(request, f"talk {agent.public_id}", begin)
    except Refused as refused:
        status = STATUSES.get(refused.code, 400)
        return _page(request, agent, message=message, problem=refused.text, status=status)
    return redirect("execution", started)


@for_people
@require_POST
def reply(request: HttpRequest, public_id: str) -> HttpResponse:
    """Go on with a conversation: a new run of the same agent, with what was said so far."""
    user, before = person(request), found(request, public_id)
    agent = None if before.agent_id is None else queries.one(user, before.agent_id)
    if agent is None:
        raise Http404
    message = request.POST.get("message", "").strip()
    problem, status = _problem(message), 400
    if not problem:
        how: dict[str, Any] = {"from_run": before.public_id}
        if before.session is not None and before.session.owner_id == user.pk:
            how["session"] = before.session
        try:
            begin = partial(_start, request, agent, message, **how)
            started = started_once(request, f"reply {before.public_id}", begin)
            return redirect("execution", started)
        except Refused as refused:
            problem, status = refused.text, STATUSES.get(refused.code, 400)
    return _page(request, agent, message=message, problem=problem, status=status)


def _problem(message: str) -> str:
    if not message:
        return "Write what you want to say to it."
    if len(message) > MOST_CHARACTERS:
        many = f"{len(message):,}"
        return f"A message has at most {MOST_CHARACTERS:,} characters; this one has {many}."
    return ""


def _start(request: HttpRequest, agent: Agent, message: str, **how: Any) -> str:
    require_queue()
    return start_agent(agent, person(request), message=message, **how).public_id


def _found(request: HttpRequest, public_id: str) -> Agent:
    agent = queries.one(person(request), id_or_404(public_id, IDS))
    if agent is None:
        raise Http404
    return agent


def _page(
    request: HttpRequest, agent: Agent, *, message: str = "", problem: str = "", status: int = 200
) -> HttpResponse:
    version = agent.head_version
    context = {
        "agent": agent,
        "version": version,
        "source": highlight.yaml(version.source) if version else "",
        "latest": queries.latest_executions(person(request), agent),
        "message": message,
        "problem": problem,
        "key": uuid.uuid4().hex,
        "server_now": clock.now(),
    }
    return render(request, "dashboard/agent.html", context, status=status)
