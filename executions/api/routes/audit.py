"""The audit trail of everybody: for support and administrators."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from executions import audit as trail
from executions import policy
from executions.api.credentials import ADMIN, READ, person
from executions.api.cursors import Listing, Page
from executions.api.problems import Problem
from executions.api.schemas import audit as shapes
from executions.audit import exporting
from executions.audit.searching import Search, matching

MOST = 50_000
router = Router(tags=["Administration"])


@router.get(
    "",
    auth=READ,
    response=Page[shapes.AuditEntry],
    operation_id="list-audit-entries",
    summary="List the audit trail",
)
def entries(request: HttpRequest, asked: Annotated[shapes.AuditListing, Query()]) -> dict[str, Any]:
    """The trail of who did what to what, newest first."""
    _check(request)
    rows = matching(_search(asked))
    return Listing("audit", asked.limit, asked.cursor).page(rows, exporting.as_json)


@router.get(
    "/export",
    auth=READ,
    response={200: list[shapes.AuditEntry]},
    operation_id="export-audit-entries",
    summary="Download the audit trail",
    openapi_extra={"responses": {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}},
)
def export(request: HttpRequest, asked: Annotated[shapes.AuditDownload, Query()]) -> HttpResponse:
    """One file, newest first: JSON, or CSV of which no cell is a formula."""
    _check(request)
    rows = matching(_search(asked))
    if rows[MOST : MOST + 1].exists():
        raise Problem(
            "invalid",
            f"More than {MOST:,} entries fit; a download holds no more.",
            remedy="Narrow it by time, or use `stigmer audit export` on the server.",
        )
    kind, write = exporting.FORMATS[asked.format]
    answer = HttpResponse("".join(write(rows.iterator())), content_type=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="audit.{asked.format}"'
    return answer


@router.get(
    "/verification",
    auth=READ,
    response=shapes.Verification,
    operation_id="read-audit-verification",
    summary="Whether the audit trail is whole",
)
def verification(request: HttpRequest) -> shapes.Verification:
    """As far as the sweep has verified it; `stigmer audit verify` verifies all of it at once."""
    _check(request)
    return _verification()


@router.post(
    "/acknowledge",
    auth=ADMIN,
    response=shapes.Verification,
    operation_id="acknowledge-audit-break",
    summary="Acknowledge what is wrong with the audit trail",
)
def acknowledge(request: HttpRequest, body: shapes.AcknowledgeBody) -> shapes.Verification:
    """A fault that is known stays listed, with your name and reason, and alarms nobody any more.
    409 where nothing is wrong.
    """
    trail.acknowledge(person(request), body.reason, trail.open_problems()[0])
    return _verification()


def _verification() -> shapes.Verification:
    last = trail.findings().last
    problems, acknowledged = trail.open_problems()
    return shapes.Verification(
        whole=not problems,
        entries=last.entries,
        ended_at=last.ended_at,
        problems=[shapes.AuditProblem(**_told(each)) for each in problems],
        acknowledged=[
            shapes.AcknowledgedProblem(
                **_told(each.problem),
                by=each.acknowledgement.by,
                at=each.acknowledgement.at,
                reason=each.acknowledgement.reason,
            )
            for each in acknowledged
        ],
    )


def _told(problem: trail.Problem) -> dict[str, Any]:
    return {"entry": problem.entry, "how": str(problem.how), "detail": problem.detail}


def _search(asked: shapes.AuditFilters) -> Search:
    return Search(**{name: getattr(asked, name) for name in asdict(Search())})


def _check(request: HttpRequest) -> None:
    if not policy.sees_everything(person(request)):
        raise Problem(
            "forbidden",
            "Only support and administrators see what everybody did.",
            remedy="The entries about a run of yours are on its page, under Audit.",
        )
