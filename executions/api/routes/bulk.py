"""Runs that need attention, by cause, and one verb for many runs."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from django.contrib.auth.models import User
from django.http import HttpRequest
from ninja import Query, Router, Status
from pydantic import BaseModel, Field

from executions import clock, policy
from executions.api.credentials import ACT, READ, person
from executions.api.cursors import USUAL, Cursor, Limit, Listing, Page
from executions.api.finding import shown
from executions.api.problems import FieldError, Problem
from executions.api.refusals import not_found
from executions.api.render import bulk as render
from executions.api.routes.resources import Paging
from executions.api.schemas import bulk as shapes
from executions.attention import noting
from executions.attention.groups import groups
from executions.bulk import beginning, driving
from executions.bulk.beginning import Chosen, Order, Unconfirmed
from executions.bulk.reading import visible
from executions.ids import parse_public_id
from executions.models import BulkRun
from executions.models.bulk_run import PREFIX
from executions.models.matching import ATTENTION
from executions.searching.search import Search
from executions.searching.typed import HELP, parse

attention = Router(tags=["Bulk"])
router = Router(tags=["Bulk"])


class Causes(BaseModel):
    """Which causes are shown."""

    kind: str = Field("", max_length=20, description=f"One of {', '.join(ATTENTION)}.")
    limit: Limit = USUAL
    cursor: Cursor = None


@attention.get(
    "",
    auth=READ,
    response=Page[shapes.Cause],
    operation_id="list-causes",
    summary="List the causes for which runs need a person",
)
def causes(request: HttpRequest, query: Annotated[Causes, Query()]) -> dict[str, Any]:
    """Of the runs that the caller may see; what stopped last comes first."""
    if query.kind and query.kind not in ATTENTION:
        allowed = ", ".join(ATTENTION)
        raise Problem("invalid", f"There is no kind {query.kind!r}.", remedy=f"Use {allowed}.")
    start = _place(query.cursor)
    page = groups(person(request), query.kind, start=start, most=query.limit)
    now = clock.now()
    following = str(start + query.limit) if page.has_more else None
    return {
        "items": [render.cause(group, now) for group in page.groups],
        "next_cursor": following,
    }


@attention.patch(
    "/{cause}",
    auth=ACT,
    response=shapes.CauseNote,
    operation_id="note-cause",
    summary="Assign a cause, note something about it, or put it off",
)
def note(request: HttpRequest, cause: str, body: shapes.CauseBody) -> shapes.CauseNote:
    """Shared by all who look after everybody's runs; a member's notes are the member's own."""
    fields: dict[str, Any] = {name: getattr(body, name) for name in body.model_fields_set}
    if "note" in fields:
        fields["text"] = fields.pop("note")
    return render.note(noting.note(person(request), cause[:40], **fields))


@router.get(
    "",
    auth=READ,
    response=Page[shapes.BulkRun],
    operation_id="list-bulk-runs",
    summary="List bulk runs",
)
def listed(request: HttpRequest, paging: Annotated[Paging, Query()]) -> dict[str, Any]:
    """The caller's own; all of them for support and administrators."""
    return Listing("bulk-runs", paging.limit, paging.cursor).page(
        visible(person(request)), render.bulk_run
    )


@router.post(
    "",
    auth=ACT,
    response={202: shapes.BulkRun},
    operation_id="create-bulk-run",
    summary="Do one verb to many runs",
)
def create(request: HttpRequest, body: shapes.BulkBody) -> Status[shapes.BulkRun]:
    """The runs are chosen now; workers go through them one after the other.

    Each is done as if asked for alone: with the caller's rights at its turn, and only if it still
    stands where it stood.
    """
    user = person(request)
    verb = beginning.verb_of(body.verb)
    selections = [bool(body.execution_ids), bool(body.cause), bool(body.q.strip())]
    if sum(selections) != 1:
        raise Problem("invalid-argument", "Give exactly one of execution_ids, cause and q.")
    description = f"all that match q={body.q.strip()}"
    if body.cause:
        description = f"all that need attention for the cause {body.cause}"
    elif body.execution_ids:
        description = f"{len(body.execution_ids)} chosen executions"
    order = Order(verb, description, body.cause, body.arguments, body.reason, body.confirmed)
    try:
        if body.execution_ids:
            bulk = beginning.begin(user, order, _chosen(user, body.execution_ids))
        else:
            bulk = beginning.begin_for_all(user, order, [_search(body)])
    except Unconfirmed as refused:
        problem = Problem("conflict", refused.message, remedy=refused.remedy)
        problem.extra["count"] = refused.many
        raise problem from refused
    return Status(202, render.bulk_run(bulk))


@router.get(
    "/{bulk_id}",
    auth=READ,
    response=shapes.BulkRun,
    operation_id="read-bulk-run",
    summary="Read how far a bulk run has come",
)
def read(request: HttpRequest, bulk_id: str) -> shapes.BulkRun:
    return render.bulk_run(_one(request, bulk_id))


@router.get(
    "/{bulk_id}/items",
    auth=READ,
    response=Page[shapes.BulkItem],
    operation_id="list-bulk-items",
    summary="List what became of each run",
)
def items(request: HttpRequest, bulk_id: str, paging: Annotated[Paging, Query()]) -> dict[str, Any]:
    """In the order in which they are tried."""
    rows = _one(request, bulk_id).items.filter(id__gt=_place(paging.cursor)).order_by("id")
    rows = rows.select_related("execution").only(
        "status", "said", "at", "bulk", "execution__kind", "execution__id"
    )
    fetched = list(rows[: paging.limit + 1])
    more = len(fetched) > paging.limit
    page = fetched[: paging.limit]
    return {
        "items": [render.item(row) for row in page],
        "next_cursor": str(page[-1].pk) if more else None,
    }


@router.post(
    "/{bulk_id}/stop",
    auth=ACT,
    response=shapes.BulkRun,
    operation_id="stop-bulk-run",
    summary="Stop a bulk run and take back what nothing has come of",
)
def stop(request: HttpRequest, bulk_id: str) -> shapes.BulkRun:
    """Possible until ten seconds after its last item; later nothing is changed (409)."""
    bulk = _one(request, bulk_id)
    if not driving.stop(bulk, person(request)):
        raise Problem(
            "conflict",
            f"It is {bulk.phase} and can no longer be stopped.",
            remedy="Look at its items, and pause or cancel single runs.",
        )
    return render.bulk_run(_one(request, bulk_id))


def _place(cursor: str | None) -> int:
    """The row at which a page begins, in lists that are read forwards."""
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise Problem(
            "invalid",
            "The cursor is not one of this list.",
            remedy="Begin without a cursor; go on with `next_cursor` of the page before.",
            errors=[FieldError("This is no cursor of this list.", parameter="cursor")],
        )
    return int(cursor)


def _chosen(user: User, ids: list[str]) -> list[Chosen]:
    keys = [parse_public_id(each, "wex", "aex") for each in ids]
    executions = policy.visible_executions(user).filter(pk__in=[key for key in keys if key])
    seqs: dict[uuid.UUID, int] = dict(executions.values_list("pk", "head_seq"))
    for text, key in zip(ids, keys, strict=True):
        if key is None or key not in seqs:
            raise not_found(f"There is no execution {shown(text)}.")
    return [Chosen(key, seqs[key]) for key in dict.fromkeys(keys) if key is not None]


def _search(body: shapes.BulkBody) -> Search:
    if body.cause:
        return Search(needs_attention=True, cause=body.cause)
    typed = parse(body.q, clock.now())
    if typed.problems:
        raise Problem("invalid-argument", " ".join(typed.problems), remedy=HELP)
    return typed.search


def _one(request: HttpRequest, bulk_id: str) -> BulkRun:
    key = parse_public_id(bulk_id, PREFIX)
    bulk_run = visible(person(request)).filter(pk=key).first() if key else None
    if bulk_run is None:
        raise not_found(f"There is no bulk run {shown(bulk_id)}.")
    return bulk_run
