"""The settings of a person: how pages are for them."""

from __future__ import annotations

from zoneinfo import available_timezones

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

from dashboard.views.pages import page as for_people
from dashboard.views.pages import person
from dashboard.views.refusing import status_of
from executions.errors import Refused
from executions.models import PersonalSettings
from executions.models.personal_settings import BROWSER, NAMES, DateFormat, Density, Language, Theme


@for_people
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The form; a POST changes what it names, so one button may change one setting."""
    user, rows = person(request), PersonalSettings.objects
    if request.method == "POST":
        sent = {name: request.POST[name].strip() for name in NAMES if name in request.POST}
        try:
            rows.change(user, {name: _value(name, text) for name, text in sent.items()})
        except Refused as refused:
            row = rows.of(user)
            for name, text in sent.items():
                setattr(row, name, _value(name, text))
            return _form(request, row, refused)
        return redirect(_then(request))
    return _form(request, rows.of(user))


def _value(name: str, text: str) -> str | bool:
    if name == "has_keys":
        return text == "yes"
    return text or BROWSER if name == "time_zone" else text


def _then(request: HttpRequest) -> str:
    then = request.POST.get("then", "")
    inside = url_has_allowed_host_and_scheme(then, allowed_hosts=None) and then.startswith("/")
    return then if inside else "settings"


def _form(
    request: HttpRequest, row: PersonalSettings, refusal: Refused | None = None
) -> HttpResponse:
    context = {
        "row": row,
        "zone": "" if row.time_zone == BROWSER else row.time_zone,
        "zones": sorted(name for name in available_timezones() if _is_place(name)),
        "languages": Language.choices,
        "formats": DateFormat.choices,
        "themes": Theme.choices,
        "densities": Density.choices,
        "refusal": refusal,
        "problems": {each.pointer.strip("/"): each.message for each in refusal.findings}
        if refusal
        else {},
    }
    status = status_of(refusal) if refusal else 200
    return render(request, "dashboard/settings.html", context, status=status)


def _is_place(name: str) -> bool:
    """Those that a person would look for; any other may be typed."""
    return name == "UTC" or ("/" in name and not name.startswith(("Etc/", "SystemV/", "US/")))
