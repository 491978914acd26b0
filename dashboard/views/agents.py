"""Agents, their pages, and talking to one: a message starts a run."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dashboard import diff, highlight
from dashboard.paging import cursor, id_or_404
from dashboard.queries import agents as queries
from dashboard.queries import by_hour, figures, how_often, schedules
from dashboard.views.pages import page as for_people
from dashboard.views.pages import person
from dashboard.views.starting import STATUSES, started_once
from dashboard.workspace_form import choice_for, read
from executions import clock, policy
from executions.agents.reach import not_bound
from executions.agents.tools import RUN_COMMAND
from executions.calls.agent.limits import RunLimits
from executions.errors import Refused
from executions.intake.agents import create_session
from executions.intake.readiness import require_queue
from executions.intake.saying import say
from executions.intake.start import start_agent
from executions.language.agent import ASK_A_PERSON, TO_DOS, Tool, load_agent
from executions.models import Agent, AgentVersion, Execution

IDS = "agt"
SESSION = "ses"
LONGEST = 200
MOST_CHARACTERS = 20_000
SUBJECT_CHARACTERS = 120


@for_people
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """The agents that this person may talk to."""
    text = request.GET.get("q", "").strip()[:LONGEST]
    user = person(request)
    rows, counts = queries.page(user, text), how_often.counts(user, "agent")
    context = {
        "rows": how_often.beside(rows, counts),
        "counts": counts,
        "counted": how_often.COUNTED,
        "text": text,
        "server_now": clock.now(),
    }
    return render(request, "dashboard/agents.html", context)


@for_people
@require_safe
def conversations(request: HttpRequest) -> HttpResponse:
    """The conversations with agents, the newest first."""
    before = cursor(request.GET.get("before"), SESSION)
    rows, has_more = queries.conversations(person(request), before)
    context = {
        "rows": rows,
        "next": rows[-1][0].public_id if has_more else "",
        "is_first_page": before is None,
        "server_now": clock.now(),
    }
    return render(request, "dashboard/conversations.html", context)


@for_people
@require_safe
def page(request: HttpRequest, public_id: str, number: int | None = None) -> HttpResponse:
    """An agent: its instructions, a form to talk to it, its versions and conversations."""
    return _page(request, agent_or_404(request, public_id), number)


@for_people
@require_POST
def talk(request: HttpRequest, public_id: str) -> HttpResponse:
    """Start a run with a message and go to its page. A refusal stands in the form, with all that
    was typed; a form that is sent twice starts one run.
    """
    agent = agent_or_404(request, public_id)
    message = request.POST.get("message", "").strip()
    if problem := message_problem(message):
        return _page(request, agent, message=message, problem=problem, status=400)
    try:
        own = read(request.POST)
        operation = f"talk {agent.public_id}"
        started = start_once(request, operation, agent, message, own_workspace=own)
    except Refused as refused:
        status = STATUSES.get(refused.code, 400)
        return _page(request, agent, message=message, problem=refused.text, status=status)
    return redirect("execution-conversation", started)


def message_problem(message: str) -> str:
    """Why this cannot be said; empty where it can."""
    if not message:
        return _("Write what you want to say to it.")
    if len(message) > MOST_CHARACTERS:
        said = _("A message has at most {most:,} characters; this one has {number:,}.")
        return said.format(most=MOST_CHARACTERS, number=len(message))
    return ""


def start_once(request: HttpRequest, operation: str, agent: Agent, message: str, **how: Any) -> str:
    """The public id of the run that this message starts; a form that is sent twice starts one. It
    begins a conversation of its own where ``how`` names none.

    Raises Refused.
    """
    user = person(request)

    def begin() -> str:
        require_queue()
        if "from_run" not in how:
            subject = " ".join(message.split())[:SUBJECT_CHARACTERS]
            how["session"] = create_session(agent, user, subject=subject)
        return start_agent(agent, user, message=message, **how).public_id

    return started_once(request, operation, begin)


def said_once(request: HttpRequest, run: Execution, message: str) -> str:
    """The public id of the message that waits for the run's next turn; a form that is sent twice
    queues one. Raises Refused.
    """
    user = person(request)
    return started_once(request, f"say {run.public_id}", lambda: say(run, user, message).public_id)


def agent_or_404(request: HttpRequest, public_id: str) -> Agent:
    """The agent; 404 where it is missing and where this person may not see it."""
    agent = queries.one(person(request), id_or_404(public_id, IDS))
    if agent is None:
        raise Http404
    return agent


def _page(
    request: HttpRequest,
    agent: Agent,
    number: int | None = None,
    *,
    message: str = "",
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    user, head = person(request), agent.head_version
    version = head if number is None else queries.version(agent, number)
    if number is not None and version is None:
        raise Http404
    before = queries.version(agent, version.number - 1) if version else None
    context = {
        "agent": agent,
        "version": version,
        "is_head": bool(head and version and head.pk == version.pk),
        "source": highlight.yaml(version.source) if version else "",
        "changes": diff.lines(before.source, version.source) if before and version else [],
        "before": before,
        "versions": queries.versions(agent),
        "about": version.document if version else {},
        **(_version_context(version) if version else {}),
        "used": queries.used(user, agent),
        "day": by_hour.day(user, agent=agent.pk),
        "durations": figures.durations(user, agent=agent.pk),
        "latest": queries.latest_executions(user, agent),
        "schedules": schedules.of_subject(user, agent),
        "sessions": queries.latest_sessions(user, agent),
        "may_change": policy.can_change(user, agent),
        "message": message,
        "problem": problem,
        "place": choice_for(head.document, request.POST) if head else None,
        "key": uuid.uuid4().hex,
        "server_now": clock.now(),
    }
    return render(request, "dashboard/agent.html", context, status=status)


def _version_context(version: AgentVersion) -> dict[str, Any]:
    """A version's tools, and how far they reach."""
    agent = load_agent(version.document)
    return {
        "tools": [tool_words(entry) for entry in agent.tool_entries()],
        "skills": agent.skills,
        "hosts": agent.hosts,
        "not_bound": not_bound(agent, queries.commands()),
        "limits": _limits(agent.limits),
    }


def _limits(limits: RunLimits) -> str:
    """How far a run goes before it asks."""
    parts = [
        _("{number:,} turns").format(number=limits.turns),
        _("{number:,} calls").format(number=limits.tool_calls),
        _("{number:,} tokens").format(number=limits.tokens),
        f"{limits.seconds:,} s",
    ]
    if limits.cost is not None:
        parts.append(_("a cost of {cost:g}").format(cost=limits.cost))
    return ", ".join(parts)


def tool_words(tool: Tool) -> tuple[str, str, str]:
    """The kind of a tool, its name, and when a person is asked first."""
    if tool.person:
        return _("asks a person"), tool.name or ASK_A_PERSON, ""
    if tool.command:
        return _("runs a command"), tool.name or RUN_COMMAND, tool.approval or ""
    if tool.to_dos:
        return _("keeps a list of what is to be done"), TO_DOS, ""
    kinds = (
        (_("function"), tool.function),
        (_("workflow"), tool.workflow),
        (_("agent"), tool.agent),
    )
    for kind, name in kinds:
        if name:
            return kind, name, tool.approval or ""
    every = _("all that are on")
    named = f"{tool.mcp}: {tool.tool or every}"
    return _("MCP server"), named, tool.approval or ""
