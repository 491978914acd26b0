"""The runs that need a person, by cause."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.views.decorators.http import require_POST, require_safe

from dashboard.queries import attention as queries
from dashboard.views.pages import page as for_people
from dashboard.views.pages import person
from dashboard.views.refusing import status_of
from executions import clock, policy
from executions.attention import noting
from executions.attention.groups import PAGE
from executions.errors import Refused

SNOOZES = {"1h": (N_("an hour"), timedelta(hours=1)), "1d": (N_("a day"), timedelta(days=1))}
SNOOZES |= {"7d": (N_("a week"), timedelta(days=7))}


@for_people
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The executions that need a person: everybody's for support and administrators, else one's
    own.
    """
    return _page(request)


def _page(request: HttpRequest, refusal: Refused | None = None, status: int = 200) -> HttpResponse:
    user = person(request)
    kind = request.GET.get("kind", "")
    kind = kind if kind in queries.KINDS else ""
    text = request.GET.get("start", "")
    start = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
    context = {
        "page": queries.page(user, kind, start),
        "counts": queries.counts(user),
        "kind": kind,
        "start": start,
        "next_start": start + PAGE,
        "sees_everything": policy.sees_everything(user),
        "people": noting.people(user),
        "snoozes": [(name, _(each[0])) for name, each in SNOOZES.items()],
        "refusal": refusal,
        "server_now": clock.now(),
    }
    return render(request, "dashboard/attention.html", context, status=status)


@for_people
@require_POST
def note(request: HttpRequest, cause: str) -> HttpResponse:
    """Note who looks at a cause, a text about it, and whether it is put off."""
    sent = request.POST
    changes: dict[str, object] = {}
    if "note" in sent:
        changes["text"] = sent["note"]
    if "assignee" in sent:
        changes["assignee"] = sent["assignee"] or None
    if "snooze" in sent:
        length = SNOOZES.get(sent["snooze"])
        changes["snoozed_until"] = clock.now() + length[1] if length else None
    try:
        noting.note(person(request), cause, **changes)  # type: ignore[arg-type]
    except Refused as refused:
        return _page(request, refused, 404 if refused.code == "not_found" else status_of(refused))
    return redirect(reverse("attention"))
