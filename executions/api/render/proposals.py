"""Proposals that wait for a second person, as the API shows them."""

from __future__ import annotations

from executions import showing
from executions.api.schemas import proposals as shapes
from executions.models import Proposal


def proposal(row: Proposal) -> shapes.Proposal:
    return shapes.Proposal(
        id=row.public_id,
        execution_id=row.execution.public_id,
        verb=row.verb,
        arguments=showing.value(row.arguments),
        reason=row.reason,
        preview=showing.value(row.preview),
        seq=row.seq,
        asked_by=row.asked_by.get_username(),
        asked_at=row.asked_at,
        expires_at=row.expires_at,
        is_open=row.is_open(),
        outcome=row.outcome,
        decided_by=row.decided_by.get_username() if row.decided_by else None,
        decided_at=row.decided_at,
        said=showing.text(row.said),
    )
