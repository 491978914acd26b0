"""Applying a definition from the browser: of a workflow or an agent, a new one or a new version."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from csp.constants import NONCE
from csp.decorators import csp_update
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.graph.layers import HEIGHT, WIDTH
from dashboard.queries import editing
from dashboard.queries import execution as executions
from dashboard.views import agents, workflows
from dashboard.views.pages import page as for_people
from dashboard.views.pages import person
from dashboard.views.refusing import status_of
from executions import policy
from executions.errors import Refused
from executions.ids import parse_public_id
from executions.intake.agents import apply_agent
from executions.intake.agents import parse as parse_agent
from executions.intake.apply import apply_definition
from executions.intake.apply import parse as parse_workflow
from executions.intake.resources import Opened
from executions.language import DefinitionError, Limits
from executions.models import Agent, Execution, Workflow
from executions.models.resource import LONGEST_MESSAGE
from executions.states import Phase

# CodeMirror writes its rules into a style element of its own, with the nonce of the page.
with_editor = csp_update({"style-src": [NONCE]})


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of definition: ``name`` is also the route of its page."""

    name: str
    route: str
    says: str
    example: str
    row_or_404: Callable[[HttpRequest, str], Workflow | Agent]
    apply: Callable[[str, User, Opened | None, str], tuple[str, str]]
    parse: Callable[[str, User], Any]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a text was not taken. ``problems`` point into it."""

    text: str = ""
    status: int = 400
    problems: Sequence[Any] = ()


def _workflow(text: str, actor: User, opened: Opened | None, message: str) -> tuple[str, str]:
    applied = apply_definition(text, actor, opened=opened, message=message)
    return applied.workflow.public_id, applied.result


def _agent(text: str, actor: User, opened: Opened | None, message: str) -> tuple[str, str]:
    applied = apply_agent(text, actor, opened=opened, message=message)
    return applied.agent.public_id, applied.result


WORKFLOW = Kind(
    "workflow",
    "apply",
    N_("YAML or JSON in the Serverless Workflow language, version 1.0."),
    "document:\n  dsl: '1.0.0'\n  namespace: default\n  name: my-workflow\n  version: '1.0.0'\n"
    "do:\n  - greet:\n      set:\n        message: hello",
    workflows.workflow_or_404,
    _workflow,
    parse_workflow,
)
AGENT = Kind(
    "agent",
    "apply-agent",
    N_("YAML or JSON: instructions, a model, and the tools that it may call."),
    "kind: Agent\nname: my-agent\ninstructions: |\n  Answer in one sentence.\nmodel: demo\n"
    "tools:\n  - ask_a_person",
    agents.agent_or_404,
    _agent,
    lambda text, actor: parse_agent(text),
)


@with_editor
@for_people
@require_http_methods(["GET", "HEAD", "POST"])
def apply(request: HttpRequest) -> HttpResponse:
    """The editor of workflows; on POST the text is applied, or all its problems are shown."""
    return _edit(request, WORKFLOW)


@with_editor
@for_people
@require_http_methods(["GET", "HEAD", "POST"])
def apply_to_agent(request: HttpRequest) -> HttpResponse:
    """The editor of agents."""
    return _edit(request, AGENT)


@for_people
@require_POST
def check(request: HttpRequest, kind: str) -> HttpResponse:
    """The problems of a text that is being written, or what applying it would do. Nothing is
    stored.
    """
    text, refused = _text(request)
    context: dict[str, Any] = {"is_empty": not text.strip(), "refusal": refused}
    if not refused and text.strip():
        context |= _looked_at(request, _kind(kind), text)
    return render(request, "dashboard/parts/checked.html", context)


@for_people
@require_safe
def words(request: HttpRequest, kind: str) -> HttpResponse:
    """The schema of the kind and the names that this person may see, for completion."""
    return JsonResponse(editing.words(person(request), _kind(kind).name))


def _kind(name: str) -> Kind:
    return AGENT if name == AGENT.name else WORKFLOW


def _looked_at(request: HttpRequest, kind: Kind, text: str) -> dict[str, Any]:
    resource = _opened(request, kind)
    try:
        parsed = kind.parse(text, person(request))
    except DefinitionError as error:
        return {"problems": error.problems}
    except Refused as error:
        return {"refusal": error.text}
    tried = None
    if "try" in request.POST:
        try:
            input_text = request.POST.get("input", "")
            tried = editing.try_out(parsed, person(request), resource, input_text)
        except Refused as error:
            return {"refusal": error.text}
    return {
        "tried": tried,
        "look": editing.look(parsed, resource),
        "resource": resource,
        "node_width": WIDTH,
        "node_height": HEIGHT,
    }


def _edit(request: HttpRequest, kind: Kind) -> HttpResponse:
    resource = _opened(request, kind)
    if request.method != "POST":
        head = resource.head_version if resource is not None else None
        return _page(request, kind, resource, head.source if head else "")
    text, refused = _text(request)
    refusal = Refusal(refused) if refused else None
    if refusal is None and ("look" in request.POST or "try" in request.POST):
        return _page(request, kind, resource, text, looked=_looked_at(request, kind, text))
    if refusal is None:
        try:
            opened = None if resource is None else _as_opened(request, resource)
            message = request.POST.get("message", "")
            public_id, result = kind.apply(text, person(request), opened, message)
        except DefinitionError as error:
            refusal = Refusal(problems=error.problems)
        except Refused as error:
            refusal = Refusal(error.text, status_of(error))
        else:
            run = _run_it_is_for(request, public_id)
            if run is not None:
                # With the newest version, which this is: what it would do, and the button.
                return redirect("execution-recover", run.public_id)
            response = redirect(kind.name, public_id)
            response["Location"] += f"?applied={result}"
            return response
    return _page(request, kind, resource, text, refusal)


def _page(
    request: HttpRequest,
    kind: Kind,
    resource: Workflow | Agent | None,
    text: str,
    refusal: Refusal | None = None,
    looked: dict[str, Any] | None = None,
) -> HttpResponse:
    head = resource.head_version if resource is not None else None
    sent = request.POST.get("opened", "")
    came_from = resource.public_id if resource is not None else ""
    context = {
        "kind": kind,
        "resource": resource,
        # The opened version stays the opened one, until the reader loads it anew.
        "opened": sent or (head.number if head else 0),
        "head": head,
        "text": text,
        "refusal": refusal,
        "looked": looked,
        "input": request.POST.get("input", ""),
        "message": request.POST.get("message", ""),
        "longest_message": LONGEST_MESSAGE,
        # The address at which the text is checked as one types.
        "checked_at": f"{reverse('check', args=[kind.name])}?{urlencode({'from': came_from})}",
    }
    return render(
        request, "dashboard/apply.html", context, status=refusal.status if refusal else 200
    )


def _opened(request: HttpRequest, kind: Kind) -> Workflow | Agent | None:
    """The definition that is named, if any: it is changed, or of one that this person may not
    change the text begins a new one.
    """
    public_id = request.GET.get("from", "")
    return kind.row_or_404(request, public_id) if public_id else None


def _run_it_is_for(request: HttpRequest, public_id: str) -> Execution | None:
    """The failed run for which the definition is mended, where the editor was opened from it."""
    key = parse_public_id(request.GET.get("for", ""), "wex")
    run = executions.one(person(request), key) if key else None
    if run is None or run.workflow is None or run.phase != Phase.FAILED:
        return None
    return run if run.workflow.public_id == public_id else None


def _as_opened(request: HttpRequest, resource: Workflow | Agent) -> Opened | None:
    if not policy.can_change(person(request), resource):
        return None
    number = request.POST.get("opened", "")
    is_number = number.isascii() and number.isdigit() and len(number) < 9
    return Opened(resource.pk, int(number) if is_number else 0)


def _text(request: HttpRequest) -> tuple[str, str]:
    """The text that was pasted or uploaded, and why it cannot be taken, if so."""
    upload = request.FILES.get("file")
    limit = Limits().max_bytes
    if upload is None:
        # Browsers send the lines of a box with ends of their own, which nobody wrote.
        return request.POST.get("text", "").replace("\r\n", "\n"), ""
    if (upload.size or 0) > limit:
        said = _("The file has {size:,} bytes; a definition may have {limit:,}.")
        return "", said.format(size=upload.size, limit=limit)
    try:
        return upload.read().decode("utf-8"), ""
    except UnicodeDecodeError as problem:
        said = _("The file is not UTF-8 text: byte {at} cannot be read. Save it as UTF-8.")
        return "", said.format(at=problem.start)
