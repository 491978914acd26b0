"""Bulk actions on executions: the dashboard's verbs, one decision per row, each refusal in its own words."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse

from executions import policy
from executions.engine import control, decisions
from executions.errors import Refused
from executions.models import Execution
from executions.policy import Role

MOST_ROWS = 100


@dataclass(frozen=True, slots=True)
class Verb:
    """``done`` follows the name of an execution in a sentence; ``warning`` says what a person should know before."""

    name: str
    call: Callable[..., Any]
    done: str
    takes_reason: bool = False
    warning: str = ""


VERBS = (
    Verb("retry", decisions.retry, "will run its failed step again", takes_reason=True),
    Verb("skip", decisions.skip, "goes on without its failed step", takes_reason=True,
         warning="The failed step gets no result of its own: its input becomes its output."),
    Verb("recover", decisions.recover, "goes on from its last checkpoint", takes_reason=True),
    Verb("cancel", control.cancel, "is cancelled, or will be at its next boundary",
         warning="A cancelled execution runs nothing more."),
    Verb("pause", control.pause, "is paused, or will be at its next boundary"),
    Verb("resume", control.resume, "goes on"),
    Verb("terminate", control.terminate, "was ended at once",
         warning="A step that is running may or may not have had its effect; this cannot be undone."),
)  # fmt: skip


def actions_for(user: User) -> list[Verb]:
    """The verbs that this person may use on executions that are not their own."""
    role = Role.ADMIN if policy.is_admin(user) else Role.SUPPORT
    return [verb for verb in VERBS if role in policy.VERBS[verb.name]]


def action(verb: Verb) -> Callable[..., HttpResponseBase | None]:
    """The admin's action: first a page that shows what would be done, then what became of each row."""

    @admin.action(description=f"{verb.name.capitalize()} the selected executions…", permissions=["view"])
    def act(model_admin: Any, request: HttpRequest, rows: QuerySet[Execution]) -> HttpResponseBase | None:
        if "confirmed" in request.POST:
            _carry_out(verb, request, rows)
            return None
        count = rows.count()
        if count > MOST_ROWS:
            text = f"{count} executions are selected; at most {MOST_ROWS} at a time. Narrow the list with its filters."
            messages.error(request, text)
            return None
        return _confirmation(verb, model_admin, request, rows)

    act.__name__ = verb.name
    return act


def _confirmation(verb: Verb, model_admin: Any, request: HttpRequest, rows: QuerySet[Execution]) -> TemplateResponse:
    surroundings = {
        **model_admin.admin_site.each_context(request),
        "title": f"{verb.name.capitalize()} {rows.count()} executions?",
        "verb": verb,
        "executions": list(rows.select_related("workflow", "owner")),
        "checkbox_name": ACTION_CHECKBOX_NAME,
        "opts": model_admin.model._meta,
        "media": model_admin.media,
    }
    return TemplateResponse(request, "admin/executions/confirm.html", surroundings)


def _carry_out(verb: Verb, request: HttpRequest, rows: QuerySet[Execution]) -> None:
    chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)[:MOST_ROWS]
    # Not from the filtered list: an execution that has moved on since shall say so instead of falling out of sight.
    assert isinstance(request.user, User)
    executions = policy.visible_executions(request.user).filter(pk__in=_ids(chosen))
    for execution in executions.order_by("-id"):
        more: dict[str, Any] = {"reason": request.POST.get("reason", "")[:500]} if verb.takes_reason else {}
        seq = request.POST.get(f"seq-{execution.pk}", "")
        try:
            # Without the sequence that the page showed, nobody knows what this person saw.
            verb.call(execution.pk, request.user, expected_seq=int(seq) if seq.isdecimal() else -1, **more)
        except Refused as refusal:
            messages.error(request, f"{execution.public_id} ({execution.name}): {refusal}")
        else:
            messages.success(request, f"{execution.public_id} ({execution.name}) {verb.done}.")


def _ids(texts: list[str]) -> list[uuid.UUID]:
    found = []
    for text in texts:
        try:
            found.append(uuid.UUID(text))
        except ValueError:
            continue
    return found
