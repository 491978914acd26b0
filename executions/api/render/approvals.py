"""Questions to people as the API shows them."""

from __future__ import annotations

from executions import sight
from executions.api.schemas import approvals as shapes
from executions.models import Ask


def approval(ask: Ask) -> shapes.Approval:
    execution = ask.execution
    return shapes.Approval(
        id=ask.public_id,
        execution_id=execution.public_id,
        workflow=execution.subject.slug,
        step=ask.step.name,
        started_by=execution.owner.get_username(),
        prompt=sight.said_by(ask, ask.prompt),
        form=sight.form_of(ask),
        outcomes=[shapes.AskedOutcome(**outcome) for outcome in ask.outcomes],
        approvers=shapes.Approvers(
            users=sorted(user.get_username() for user in ask.users.all()),
            groups=sorted(group.name for group in ask.groups.all()),
        ),
        four_eyes=ask.is_four_eyes,
        is_open=ask.is_open(execution),
        created_at=ask.created_at,
        expires_at=ask.expires_at,
        response=_response(ask),
    )


def _response(ask: Ask) -> shapes.Response | None:
    if ask.answered_at is None:
        return None
    return shapes.Response(
        outcome=ask.outcome,
        form=sight.answers_of(ask),
        comment=sight.said_by(ask, ask.comment),
        reviewer=ask.reviewer.get_username() if ask.reviewer else None,
        responded_at=ask.answered_at,
    )
