"""Bulk actions on executions: the dashboard's verbs, one decision per row, each refusal in its own
words.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from executions import policy
from executions.accounts import confirming
from executions.admin import asking
from executions.admin.people import to_confirm
from executions.errors import Refused
from executions.models import Execution
from executions.verbs.calls import press
from executions.verbs.proposing import Proposed
from executions.verbs.row import LONGEST_REASON, Verb
from executions.verbs.rows import VERBS

MOST_ROWS = 100
# The buttons of the page: one shows what would be done, the other does it.
LOOKED, CONFIRMED = "looked", "confirmed"


def actions_for(user: User) -> list[Verb]:
    """The verbs that this person may use on executions that are not their own."""
    return [verb for verb in VERBS.values() if asking.role_of(user) in verb.roles]


def action(verb: Verb) -> Callable[..., HttpResponseBase | None]:
    """The admin's action: first a page that shows what would be done, then what became of each
    row.
    """

    @admin.action(description=f"{verb.word} the selected executions…", permissions=["view"])
    def act(
        model_admin: Any, request: HttpRequest, rows: QuerySet[Execution]
    ) -> HttpResponseBase | None:
        if LOOKED in request.POST or CONFIRMED in request.POST:
            return _pressed(verb, model_admin, request)
        count = rows.count()
        if count > MOST_ROWS:
            text = (
                f"{count} executions are selected; at most {MOST_ROWS} at a time. Narrow the list"
                " with its filters."
            )
            messages.error(request, text)
            return None
        if verb.needs_log_in_of(asking.role_of(request.user)):
            answer = to_confirm(request)
            if answer is not None:
                return answer
        return _first_page(verb, model_admin, request, rows)

    act.__name__ = verb.module
    return act


def _first_page(
    verb: Verb, model_admin: Any, request: HttpRequest, rows: QuerySet[Execution]
) -> HttpResponseBase:
    """The form; of a verb that asks for nothing it is known already what it would do."""
    assert isinstance(request.user, User)
    executions, preview = list(rows.select_related("workflow", "owner")), []
    try:
        if asking.has_preview(verb, {}):
            preview = asking.effects(verb, executions, request.user, {})
    except Refused as problem:
        return asking.page(verb, model_admin, request, executions, problem=problem)
    return asking.page(verb, model_admin, request, executions, preview=preview, arguments={})


def _pressed(verb: Verb, model_admin: Any, request: HttpRequest) -> HttpResponseBase | None:
    """Do what the page has shown; what it has not shown yet is shown first, and so is what is wrong
    with the form, beside what was typed.
    """
    user, sent = request.user, request.POST
    assert isinstance(user, User)
    confirming.by_session(request, user)
    executions = _chosen(request, user)
    try:
        arguments = asking.arguments_of(verb, sent)
        if CONFIRMED in sent:
            asking.check_complete(verb, user, sent)
        preview = []
        if asking.has_preview(verb, arguments) and not _was_shown(sent, arguments):
            preview = asking.effects(verb, executions, user, arguments)
    except Refused as problem:
        return asking.page(verb, model_admin, request, executions, problem=problem)
    if preview or CONFIRMED not in sent:
        return asking.page(
            verb, model_admin, request, executions, preview=preview, arguments=arguments
        )
    _carry_out(verb, request, executions, arguments)
    return None


def _was_shown(sent: Mapping[str, Any], arguments: Mapping[str, Any]) -> bool:
    """Whether it is pressed below the effect of these very arguments."""
    return CONFIRMED in sent and sent.get("shown") == asking.key_of(arguments)


def _chosen(request: HttpRequest, user: User) -> list[Execution]:
    """Not from the filtered list: an execution that has moved on since shall say so instead of
    falling out of sight.
    """
    ids = _ids(request.POST.getlist(ACTION_CHECKBOX_NAME)[:MOST_ROWS])
    rows = policy.visible_executions(user).filter(pk__in=ids).order_by("-id")
    return list(rows.select_related("workflow", "owner"))


def _carry_out(
    verb: Verb, request: HttpRequest, executions: list[Execution], arguments: Mapping[str, Any]
) -> None:
    assert isinstance(request.user, User)
    reason = request.POST.get("reason", "").strip()[:LONGEST_REASON]
    for execution in executions:
        seq = request.POST.get(f"seq-{execution.pk}", "")
        # Without the sequence that the page showed, nobody knows what this person saw.
        seen_seq = int(seq) if seq.isdecimal() else -1
        try:
            press(
                verb,
                execution.pk,
                request.user,
                arguments,
                shown_seq=seen_seq,
                expected_seq=seen_seq,
                reason=reason,
            )
        except Proposed as waits:
            messages.warning(request, f"{execution.public_id} ({execution.name}): {waits}")
        except Refused as refusal:
            messages.error(request, f"{execution.public_id} ({execution.name}): {refusal}")
        else:
            messages.success(request, f"{execution.public_id} ({execution.name}) {verb.done_to}.")


def _ids(texts: list[str]) -> list[uuid.UUID]:
    ids = []
    for text in texts:
        try:
            ids.append(uuid.UUID(text))
        except ValueError:
            continue
    return ids
