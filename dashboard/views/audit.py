"""The audit trail of everybody: for support and administrators."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_noop as N_
from django.views.decorators.http import require_POST, require_safe

from dashboard.queries import audit as queries
from dashboard.views.pages import page as for_people
from dashboard.views.pages import person
from dashboard.views.refusing import status_of
from executions import audit as trail
from executions import clock, policy
from executions.audit import exporting
from executions.audit.searching import Search, matching, verbs
from executions.errors import Refused
from executions.said import Said

MOST = 50_000
LONGEST = 200
OUTCOMES = {trail.DONE: N_("done"), trail.REFUSED: N_("refused"), trail.FAILED: N_("failed")}
FIELDS = ("who", "what", "about", "outcome", "since", "until")


@for_people
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The trail, newest first, and whether it is whole."""
    if not policy.sees_everything(request.user):
        return render(request, "403.html", status=403)
    return _page(request)


@for_people
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """The entries that fit the filters, as a file."""
    if not policy.sees_everything(request.user):
        return render(request, "403.html", status=403)
    form = request.GET.get("format", "csv")
    kind, write = exporting.FORMATS.get(form, exporting.FORMATS["csv"])
    rows = matching(_search(_asked(request.GET)))
    if rows[MOST : MOST + 1].exists():
        text = Said("More than {most:,} entries fit; a download holds no more.", most=MOST)
        remedy = N_("Narrow it by time, or use `stigmer audit export` on the server.")
        return _page(request, Refused("invalid", text, remedy=remedy))
    answer = HttpResponse("".join(write(rows.iterator())), content_type=kind)
    name = f"audit.{form if form in exporting.FORMATS else 'csv'}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@for_people
@require_POST
def acknowledge(request: HttpRequest) -> HttpResponse:
    """Keep why what is wrong with the trail is no reason for alarm."""
    if not policy.is_admin(request.user):
        return render(request, "403.html", status=403)
    try:
        reason = request.POST.get("reason", "")
        trail.acknowledge(person(request), reason, trail.open_problems()[0])
    except Refused as refused:
        return _page(request, refused)
    return redirect("audit")


def _page(request: HttpRequest, refused: Refused | None = None) -> HttpResponse:
    asked = _asked(request.GET)
    text = request.GET.get("before", "")
    is_number = text.isascii() and text.isdigit() and len(text) < 19
    context = {
        "page": queries.page(_search(asked), int(text) if is_number else None),
        "standing": queries.standing(),
        "asked": asked,
        "query": urlencode(asked),
        "verbs": verbs(),
        "outcomes": OUTCOMES.items(),
        "may_acknowledge": policy.is_admin(request.user),
        "refused": refused,
        "server_now": clock.now(),
    }
    status = 200 if refused is None else status_of(refused)
    return render(request, "dashboard/audit.html", context, status=status)


def _asked(sent: QueryDict) -> dict[str, str]:
    """The filters that hold anything."""
    texts = {name: sent.get(name, "").strip()[:LONGEST] for name in FIELDS}
    return {name: text for name, text in texts.items() if text}


def _search(asked: dict[str, str]) -> Search:
    """Days are those of the reader's time zone; the last one counts to its end."""
    texts = {name: asked.get(name, "") for name in ("who", "what", "about", "outcome")}
    until = _day(asked.get("until", ""))
    end = None if until is None else until + timedelta(days=1)
    return Search(**texts, since=_day(asked.get("since", "")), until=end)


def _day(text: str) -> datetime | None:
    """The beginning of a day; None for what is none."""
    try:
        day = date.fromisoformat(text)
        return timezone.make_aware(datetime.combine(day, time.min))
    except (ValueError, OverflowError):
        return None
