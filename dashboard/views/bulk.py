"""The checked rows of the list."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from dashboard import bulk
from dashboard.queries import executions as queries
from dashboard.views.pages import page as for_people
from dashboard.views.pages import person


@for_people
@require_POST
def act(request: HttpRequest) -> HttpResponse:
    """Do one verb for all checked rows and say for each what came of it; at most ``bulk.MOST`` at
    once.
    """
    name, rows = request.POST.get("verb", ""), bulk.chosen(request.POST.getlist("row"))
    verb = next((each for each in bulk.VERBS if each.slug == name), None)
    problem = ""
    if verb is None:
        problem = f"There is no action “{name[:40]}” for several executions."
    elif not rows:
        problem = "No execution was checked."
    elif len(rows) > bulk.MOST:
        problem = f"{len(rows)} executions were checked; at most {bulk.MOST} can be done at once."
    if problem or verb is None:
        return render(
            request, "dashboard/bulk.html", {"problem": problem, "back": _back(request)}, status=400
        )
    user = person(request)
    visible = queries.rows_by_id(user, [row.execution_id for row in rows])
    if verb.question and request.POST.get("sure") != "yes":
        asked = {"verb": verb, "rows": rows, "visible": visible}
        return render(request, "dashboard/bulk_sure.html", {**asked, "back": _back(request)})
    results = bulk.act(verb, rows, visible, user)
    context = {
        "verb": verb,
        "results": results,
        "done": sum(not result.refusal for result in results),
        "missing": len(rows) - len(results),
        "back": _back(request),
    }
    return render(request, "dashboard/bulk.html", context)


def _back(request: HttpRequest) -> str:
    """The filters of the list from which the rows came."""
    return request.POST.get("back", "")[:1000]
