"""The fields that sinks and channels share in the API, and those of their messages."""

from __future__ import annotations

from typing import Any

from executions.models import Channel, Sending


def of_receiver(row: Channel) -> dict[str, Any]:
    """The fields of :class:`executions.api.schemas.receivers.Receiver`."""
    return {
        "id": row.public_id,
        "name": row.name,
        "address": row.where,
        "address_secrets": row.address_secrets,
        "secret": row.secret,
        "active": row.is_active,
        "created_at": row.created_at,
        "hears_from": row.hears_from,
        "sent_at": row.sent_at,
        "waiting": row.waiting,
        "given_up": row.given_up,
        "rests_until": row.rests_until,
        "problem": row.problem,
    }


def of_message(row: Sending) -> dict[str, Any]:
    """The fields of :class:`executions.api.schemas.receivers.Message`."""
    return {
        "id": row.pk,
        "type": row.type,
        "execution_id": row.execution.public_id if row.execution else None,
        "state": row.state,
        "tries": row.tries,
        "created_at": row.created_at,
        "due_at": row.due_at,
        "sent_at": row.sent_at,
        "problem": row.problem,
    }
