"""Bulk actions on executions: the dashboard's verbs, one decision per row, each refusal in its own
words.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse

from executions import policy
from executions.accounts import confirming
from executions.errors import Refused
from executions.models import Execution
from executions.roles import Role
from executions.verbs import forms
from executions.verbs.calls import press
from executions.verbs.proposing import Proposed
from executions.verbs.row import LONGEST_REASON, Verb
from executions.verbs.rows import VERBS

MOST_ROWS = 100


def actions_for(user: User) -> list[Verb]:
    """The verbs that this person may use on executions that are not their own."""
    return [verb for verb in VERBS.values() if _role(user) in verb.roles]


def _role(user: Any) -> Role:
    return Role.ADMIN if policy.is_admin(user) else Role.SUPPORT


def action(verb: Verb) -> Callable[..., HttpResponseBase | None]:
    """The admin's action: first a page that shows what would be done, then what became of each
    row.
    """

    @admin.action(description=f"{verb.word} the selected executions…", permissions=["view"])
    def act(
        model_admin: Any, request: HttpRequest, rows: QuerySet[Execution]
    ) -> HttpResponseBase | None:
        if "confirmed" in request.POST:
            _carry_out(verb, request, rows)
            return None
        count = rows.count()
        if count > MOST_ROWS:
            text = (
                f"{count} executions are selected; at most {MOST_ROWS} at a time. Narrow the list"
                " with its filters."
            )
            messages.error(request, text)
            return None
        return _confirmation(verb, model_admin, request, rows)

    act.__name__ = verb.module
    return act


def _confirmation(
    verb: Verb, model_admin: Any, request: HttpRequest, rows: QuerySet[Execution]
) -> TemplateResponse:
    count = rows.count()
    surroundings = {
        **model_admin.admin_site.each_context(request),
        "title": f"{verb.word} {count} execution{'s' * (count != 1)}?",
        "verb": verb,
        "fields": forms.fields(verb, rows, _role(request.user)),
        "executions": list(rows.select_related("workflow", "owner")),
        "checkbox_name": ACTION_CHECKBOX_NAME,
        "opts": model_admin.model._meta,
        "media": model_admin.media,
    }
    return TemplateResponse(request, "admin/executions/confirm.html", surroundings)


def _carry_out(verb: Verb, request: HttpRequest, rows: QuerySet[Execution]) -> None:
    chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)[:MOST_ROWS]
    # Not from the filtered list: an execution that has moved on since shall say so instead of
    # falling out of sight.
    assert isinstance(request.user, User)
    confirming.by_session(request, request.user)
    try:
        # Every field is on the page: an empty one was not filled in.
        given = forms.given(
            verb, {name: text for name, text in request.POST.items() if str(text).strip()}
        )
    except Refused as refusal:
        messages.error(request, f"Nothing was done. {refusal}")
        return
    reason = request.POST.get("reason", "").strip()[:LONGEST_REASON]
    executions = policy.visible_executions(request.user).filter(pk__in=_ids(chosen))
    for execution in executions.order_by("-id"):
        seq = request.POST.get(f"seq-{execution.pk}", "")
        # Without the sequence that the page showed, nobody knows what this person saw.
        seen = int(seq) if seq.isdecimal() else -1
        try:
            press(
                verb,
                execution.pk,
                request.user,
                given,
                shown_seq=seen,
                expected_seq=seen,
                reason=reason,
            )
        except Proposed as waits:
            messages.warning(request, f"{execution.public_id} ({execution.name}): {waits}")
        except Refused as refusal:
            messages.error(request, f"{execution.public_id} ({execution.name}): {refusal}")
        else:
            messages.success(request, f"{execution.public_id} ({execution.name}) {verb.done_to}.")


def _ids(texts: list[str]) -> list[uuid.UUID]:
    found = []
    for text in texts:
        try:
            found.append(uuid.UUID(text))
        except ValueError:
            continue
    return found
