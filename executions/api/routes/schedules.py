"""Schedules: made, changed, paused, resumed, triggered."""

from __future__ import annotations

from typing import Annotated, Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status
from pydantic import BaseModel, Field

from executions import policy
from executions.api.credentials import ACT, READ, RUN, person
from executions.api.cursors import USUAL, Cursor, Limit, Listing, Page
from executions.api.finding import shown
from executions.api.idempotency import Answer, once
from executions.api.refusals import not_found
from executions.api.render import executions as runs
from executions.api.render import links
from executions.api.render import schedules as render
from executions.api.routes.resources import Paging
from executions.api.schemas import schedules as shapes
from executions.api.schemas.executions import Accepted
from executions.ids import parse_public_id
from executions.models import Schedule
from executions.models.schedule import PREFIX, ScheduleState
from executions.schedules import changing

router = Router(tags=["Schedules"])
_RELATED = ("owner", "group", "workflow", "agent")


class Which(BaseModel):
    """Which schedules are shown."""

    limit: Limit = USUAL
    cursor: Cursor = None
    state: ScheduleState | None = None
    text: str | None = Field(None, max_length=200, description="Part of its name.")


@router.get(
    "",
    auth=READ,
    response=Page[shapes.Schedule],
    operation_id="list-schedules",
    summary="List schedules",
)
def listed(request: HttpRequest, which: Annotated[Which, Query()]) -> dict[str, Any]:
    """The caller's own and those of the caller's groups, newest first; all of them for support and
    administrators.
    """
    rows = policy.visible_schedules(person(request)).select_related(*_RELATED)
    if which.state is not None:
        rows = rows.filter(state=which.state)
    if which.text:
        rows = rows.filter(name__icontains=which.text)
    return Listing("schedules", which.limit, which.cursor).page(rows, render.schedule)


@router.post(
    "",
    auth=ACT,
    response={201: shapes.Schedule},
    operation_id="create-schedule",
    summary="Make a schedule",
)
def create(
    request: HttpRequest, response: HttpResponse, body: shapes.ScheduleBody
) -> Status[shapes.Schedule]:
    """It is active at once. Runs start in the name of the caller."""
    schedule = changing.create(person(request), changing.Wanted(**body.model_dump()))
    response["Location"] = f"{links.BASE}/schedules/{schedule.public_id}"
    return Status(201, render.schedule(schedule))


@router.get(
    "/{schedule_id}",
    auth=READ,
    response=shapes.Schedule,
    operation_id="read-schedule",
    summary="Read a schedule",
)
def read(request: HttpRequest, schedule_id: str) -> shapes.Schedule:
    """With its next times and what became of the last one."""
    return render.schedule(_one(request, schedule_id))


@router.patch(
    "/{schedule_id}",
    auth=ACT,
    response=shapes.Schedule,
    operation_id="change-schedule",
    summary="Change a schedule",
)
def change(
    request: HttpRequest, schedule_id: str, body: shapes.ChangeScheduleBody
) -> shapes.Schedule:
    """The fields that are named. A new rule counts from now; an `input` of null is the
    workflow's default.
    """
    sent = body.model_dump(exclude_unset=True)
    changes = {name: value for name, value in sent.items() if value is not None or name == "input"}
    schedule = _one(request, schedule_id)
    return render.schedule(changing.change(schedule, person(request), changes))


@router.delete(
    "/{schedule_id}",
    auth=ACT,
    response={204: None},
    operation_id="delete-schedule",
    summary="Delete a schedule",
)
def delete(request: HttpRequest, schedule_id: str) -> Status[None]:
    """Runs that it started stay."""
    changing.delete(_one(request, schedule_id), person(request))
    return Status(204, None)


@router.post(
    "/{schedule_id}/pause",
    auth=ACT,
    response=shapes.Schedule,
    operation_id="pause-schedule",
    summary="Pause a schedule",
)
def pause(
    request: HttpRequest, schedule_id: str, body: shapes.PauseBody | None = None
) -> shapes.Schedule:
    """It starts nothing more until it is resumed: `disabled`."""
    reason = body.reason if body is not None else ""
    return render.schedule(changing.disable(_one(request, schedule_id), person(request), reason))


@router.post(
    "/{schedule_id}/resume",
    auth=ACT,
    response=shapes.Schedule,
    operation_id="resume-schedule",
    summary="Resume a schedule",
)
def resume(request: HttpRequest, schedule_id: str) -> shapes.Schedule:
    """It starts runs again, from its next time on; failures are counted anew."""
    return render.schedule(changing.resume(_one(request, schedule_id), person(request)))


@router.post(
    "/{schedule_id}/trigger",
    auth=RUN,
    response={202: Accepted},
    operation_id="trigger-schedule",
    summary="Start a run of a schedule now",
    openapi_extra={"x-idempotency-key": True},
)
def trigger(
    request: HttpRequest, response: HttpResponse, schedule_id: str
) -> Status[dict[str, Any]]:
    """Its times stay as they are; once for each Idempotency-Key."""
    user, schedule = person(request), _one(request, schedule_id)

    def work() -> Answer:
        run = changing.trigger(schedule, user).execution
        assert run is not None
        return Answer(202, runs.accepted(run, "").model_dump(mode="json"))

    answer = once(request, user, work)
    response["Location"] = answer.body["links"]["self"]
    if answer.replayed:
        response["Idempotency-Replayed"] = "true"
    return Status(202, answer.body)


@router.get(
    "/{schedule_id}/occurrences",
    auth=READ,
    response=Page[shapes.Occurrence],
    operation_id="list-schedule-occurrences",
    summary="List what became of the times of a schedule",
)
def occurrences(
    request: HttpRequest, schedule_id: str, paging: Annotated[Paging, Query()]
) -> dict[str, Any]:
    """Newest first, with the runs that were started."""
    schedule = _one(request, schedule_id)
    rows = schedule.occurrences.select_related("execution", "by")
    listing = Listing(f"occurrences.{schedule.pk}", paging.limit, paging.cursor)
    return listing.page(rows, render.occurrence)


def _one(request: HttpRequest, schedule_id: str) -> Schedule:
    """By its id, or by the name that the caller gave it."""
    user, key = person(request), parse_public_id(schedule_id, PREFIX)
    rows = policy.visible_schedules(user).select_related(*_RELATED)
    condition = Q(pk=key) if key else Q(owner=user, name=schedule_id)
    schedule = rows.filter(condition).first()
    if schedule is None:
        raise not_found(f"There is no schedule {shown(schedule_id)}.")
    return schedule
