"""Schedules: the list, the page of one, the form, and its buttons."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from typing import Any
from zoneinfo import available_timezones

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard import schedule_form, words
from dashboard.paging import id_or_404
from dashboard.queries import schedules as queries
from dashboard.views.pages import page as for_people
from dashboard.views.pages import person
from dashboard.views.refusing import status_of
from dashboard.views.starting import started_once
from executions import clock, policy
from executions.errors import Refused
from executions.models import PersonalSettings, Schedule
from executions.models.personal_settings import BROWSER
from executions.models.schedule import PREFIX, Missed, Overlap, ScheduleState
from executions.schedules import changing
from executions.schedules.changing import Wanted, wanted_of
from executions.schedules.reading import next_times

SOON = timedelta(minutes=10)
ZONES = tuple(sorted(name for name in available_timezones() if "/" in name or name == "UTC"))


@for_people
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """The schedules that this person may see, by what is next."""
    state = request.GET.get("state", "")
    state = state if state in ScheduleState.values else ""
    context = {
        "lines": queries.of(person(request), state),
        "state": state,
        "states": words.choices(ScheduleState.choices),
        "is_of_all": policy.sees_everything(person(request)),
        "server_now": clock.now(),
    }
    return render(request, "dashboard/schedules.html", context)


@for_people
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The form; a POST makes the schedule."""
    user = person(request)
    if policy.is_viewer(user):
        raise PermissionDenied(words.translated(policy.LOOK_ONLY))
    if request.method != "POST":
        zone = PersonalSettings.objects.of(user).time_zone
        starts = request.GET.get("starts", "")[:40]
        prefilled = Wanted(name="", workflow=starts, time_zone="UTC" if zone == BROWSER else zone)
        return _form(request, schedule_form.typed(prefilled))
    return _sent(request, lambda wanted: changing.create(user, wanted))


@for_people
@require_safe
def page(request: HttpRequest, public_id: str) -> HttpResponse:
    return _shown(request, _schedule_or_404(request, public_id))


@for_people
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, public_id: str) -> HttpResponse:
    """The form with the schedule in it; a POST changes it."""
    schedule, user = _schedule_or_404(request, public_id), person(request)
    if not policy.may_change_schedule(user, schedule):
        return _shown(request, schedule, changing.not_theirs(schedule))
    if request.method != "POST":
        return _form(request, schedule_form.typed(wanted_of(schedule)), schedule)
    return _sent(request, lambda wanted: changing.change(schedule, user, asdict(wanted)), schedule)


@for_people
@require_POST
def act(request: HttpRequest, public_id: str, what: str) -> HttpResponse:
    """Pause it, resume it, start a run now, delete it."""
    schedule, user = _schedule_or_404(request, public_id), person(request)
    if what not in _ACTS:
        raise Http404
    try:
        if what == "trigger":
            begin = partial(_triggered, schedule, user)
            return redirect("execution", started_once(request, f"trigger {public_id}", begin))
        _ACTS[what](schedule, user, request.POST.get("reason", "").strip()[:500])
    except Refused as refused:
        return _shown(request, schedule, refused)
    return redirect("schedules") if what == "delete" else redirect("schedule", public_id)


def _triggered(schedule: Schedule, user: User) -> str:
    run = changing.trigger(schedule, user).execution
    assert run is not None
    return run.public_id


_ACTS: dict[str, Callable[[Schedule, User, str], object]] = {
    "pause": changing.disable,
    "resume": lambda schedule, user, _: changing.resume(schedule, user),
    "trigger": lambda schedule, user, _: _triggered(schedule, user),
    "delete": lambda schedule, user, _: changing.delete(schedule, user),
}


def _sent(
    request: HttpRequest, do: Callable[[Wanted], Schedule], schedule: Schedule | None = None
) -> HttpResponse:
    try:
        made = do(schedule_form.wanted(request.POST))
    except Refused as refused:
        return _form(request, request.POST.dict(), schedule, refused)
    return redirect("schedule", made.public_id)


def _form(
    request: HttpRequest,
    fields: dict[str, Any],
    schedule: Schedule | None = None,
    refusal: Refused | None = None,
) -> HttpResponse:
    user = person(request)
    owner = schedule.owner if schedule is not None else user
    groups = user.groups.exclude(name__in=policy.RANK_OF_GROUP).order_by("name")
    context = {
        "schedule": schedule,
        "given": fields,
        "refusal": refusal,
        "problems": schedule_form.problems(refusal) if refusal else {},
        "subjects": queries.startable(owner),
        "groups": list(groups.values_list("name", flat=True)),
        "zones": ZONES,
        "misseds": words.choices(Missed.choices),
        "overlaps": words.choices(Overlap.choices),
        "server_now": clock.now(),
    }
    status = status_of(refusal) if refusal else 200
    return render(request, "dashboard/schedule_form.html", context, status=status)


def _shown(
    request: HttpRequest, schedule: Schedule, refusal: Refused | None = None
) -> HttpResponse:
    user = person(request)
    seen = policy.visible_workflows(user) if schedule.workflow else policy.visible_agents(user)
    occurrences = queries.occurrences(schedule)
    going_on = any(row.execution and row.execution.is_active() for row in occurrences)
    context = {
        "schedule": schedule,
        "times": next_times(schedule),
        "occurrences": occurrences,
        "is_moving": going_on or _is_soon(schedule),
        "may_change": policy.may_change_schedule(user, schedule),
        "sees_subject": seen.filter(pk=schedule.subject.pk).exists(),
        "refusal": refusal,
        # A button that is clicked twice starts one run.
        "key": uuid.uuid4().hex,
        "server_now": clock.now(),
    }
    status = status_of(refusal) if refusal else 200
    return render(request, "dashboard/schedule.html", context, status=status)


def _is_soon(schedule: Schedule) -> bool:
    """Whether the page follows its times as they come."""
    return schedule.next_due_at is not None and schedule.next_due_at - clock.now() < SOON


def _schedule_or_404(request: HttpRequest, public_id: str) -> Schedule:
    schedule = queries.one(person(request), id_or_404(public_id, PREFIX))
    if schedule is None:
        raise Http404
    return schedule
