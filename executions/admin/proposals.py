"""Proposals that wait for a second person, and their outcome: agreed to and turned down here as on
the run's page.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from executions import policy
from executions.accounts import confirming
from executions.admin.journal import OfExecution
from executions.admin.people import to_confirm
from executions.admin.rendering import json_field, link
from executions.errors import Refused
from executions.models import Proposal
from executions.verbs import proposing

MOST_ROWS = 100


@admin.register(Proposal)
class ProposalAdmin(OfExecution):
    """Nobody edits them: they are agreed to or turned down."""

    own_prefix = "prp"
    actions = ("agree", "turn_down")
    list_display = ("verb", "execution_link", "asked_by", "reason", "outcome", "expires_at")
    list_display_links = ("verb",)
    list_select_related = ("execution", "asked_by")
    list_filter = ("outcome",)
    ordering = ("-id",)
    fields = (
        "public_id",
        "verb",
        "execution_link",
        "who_agrees",
        "arguments_json",
        "reason",
        "preview_json",
        "seq",
        "asked_by",
        "asked_at",
        "expires_at",
        "outcome",
        "decided_by",
        "decided_at",
        "said",
    )
    arguments_json, preview_json = json_field("arguments"), json_field("preview")

    @admin.display(description="execution")
    def execution_link(self, row: Proposal) -> SafeString | str:
        return link(row.execution, row.execution.public_id)

    @admin.display(description="has to agree")
    def who_agrees(self, row: Proposal) -> str:
        return proposing.who_agrees(row)

    @admin.action(description="Agree to the selected proposals", permissions=["view"])
    def agree(self, request: HttpRequest, rows: QuerySet[Proposal]) -> HttpResponse | None:
        """Carry each out in the name of this person."""
        if (answer := to_confirm(request)) is not None:
            return answer
        _each(request, rows, proposing.agree, "was agreed to and done")
        return None

    @admin.action(description="Turn down the selected proposals", permissions=["view"])
    def turn_down(self, request: HttpRequest, rows: QuerySet[Proposal]) -> None:
        """End each; those of this person are withdrawn."""
        _each(request, rows, proposing.turn_down, "is over, and nothing was done")


def _each(
    request: HttpRequest,
    rows: QuerySet[Proposal],
    does: Callable[[Proposal, User], Any],
    done: str,
) -> None:
    """Ask each by itself; where it is refused, that says why and the others go on."""
    user = request.user
    assert isinstance(user, User)
    confirming.by_session(request, user)
    proposals = policy.visible_proposals(user).filter(pk__in=rows.values("pk"))
    for row in proposals.order_by("pk")[:MOST_ROWS]:
        label = f"{row.public_id} ({row.verb} of {row.execution.public_id})"
        try:
            does(row, user)
        except Refused as refused:
            messages.error(request, f"{label}: {refused}")
        else:
            messages.success(request, f"{label} {done}.")
