"""The page on which a person says how a verb shall be done to the chosen executions.

It shows the fields with what was typed, what is wrong with that, and what the verb would do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.template.response import TemplateResponse

from executions import policy, sight
from executions.errors import Refused
from executions.models import Execution
from executions.roles import Role
from executions.verbs import forms
from executions.verbs.acting import effect
from executions.verbs.row import Verb

# Of each the journal is read, and with another version walked.
MOST_PREVIEWED = 20


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of a verb on one execution, or why it would be refused."""

    execution: Execution
    preview: dict[str, Any] = field(default_factory=dict)
    refusal: Refused | None = None

    @property
    def is_possible(self) -> bool:
        return self.refusal is None and self.preview.get("fits", True)


def role_of(user: Any) -> Role:
    """The role of somebody in the admin towards runs of others."""
    return Role.ADMIN if policy.is_admin(user) else Role.SUPPORT


def arguments_of(verb: Verb, form: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments in a sent form. Raises Refused."""
    # Every field is on the page: an empty one was not filled in.
    return forms.arguments_of(
        verb, {name: text for name, text in form.items() if str(text).strip()}
    )


def check_complete(verb: Verb, user: User, form: Mapping[str, Any]) -> None:
    """Raises Refused where the form cannot be carried out for any of the chosen ones: without a
    reason that this person has to give, or a log-in just before.
    """
    role = role_of(user)
    if verb.needs_reason_of(role) and not str(form.get("reason", "")).strip():
        raise Refused("invalid", "A reason is needed.", remedy="Say why, for the audit trail.")
    if verb.needs_log_in_of(role):
        policy.check_confirmed(user, verb.name)


def has_preview(verb: Verb, arguments: Mapping[str, Any]) -> bool:
    """Whether it can be said beforehand what these arguments would do."""
    return verb.has_preview and bool(arguments or not verb.arguments)


def effects(
    verb: Verb, executions: Sequence[Execution], user: User, arguments: Mapping[str, Any]
) -> list[Effect]:
    """Its effect on each, as this person may see it. Raises Refused for too many."""
    if len(executions) > MOST_PREVIEWED:
        many = f"{len(executions)} executions are chosen"
        raise Refused(
            "invalid",
            f"{many}; {verb.name} shows what it would do to at most {MOST_PREVIEWED} at a time.",
            remedy="Choose fewer.",
        )
    return [_effect(verb, execution, user, arguments) for execution in executions]


def _effect(verb: Verb, execution: Execution, user: User, arguments: Mapping[str, Any]) -> Effect:
    sight.look(user, execution)
    try:
        would = effect(verb, execution, user, arguments)
        return Effect(execution, would.as_json() if would is not None else {})
    except Refused as refused:
        return Effect(execution, refusal=refused)


def key_of(arguments: Mapping[str, Any]) -> str:
    """These arguments as one text: the page remembers with it what it showed the effect of."""
    return json.dumps(arguments, sort_keys=True)


def page(
    verb: Verb,
    model_admin: Any,
    request: HttpRequest,
    executions: Sequence[Execution],
    *,
    problem: Refused | None = None,
    preview: Sequence[Effect] = (),
    arguments: Mapping[str, Any] | None = None,
) -> TemplateResponse:
    """The page. ``preview`` holds the effects of these arguments."""
    role, count = role_of(request.user), len(executions)
    looks_first = verb.has_preview and any(each.is_required for each in verb.arguments)
    surroundings = {
        **model_admin.admin_site.each_context(request),
        "title": f"{verb.word} {count} execution{'s' * (count != 1)}?",
        "verb": verb,
        "fields": forms.fields(verb, executions, role, request.POST),
        "executions": executions,
        "problem": problem,
        "effects": preview,
        "shown": key_of(arguments) if preview and arguments is not None else "",
        "may_press": any(each.is_possible for each in preview) if preview else not looks_first,
        "checkbox_name": ACTION_CHECKBOX_NAME,
        "opts": model_admin.model._meta,
        "media": model_admin.media,
    }
    status = 400 if problem is not None else 200
    return TemplateResponse(request, "admin/executions/confirm.html", surroundings, status=status)
