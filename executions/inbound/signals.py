"""Signals: events for one run alone."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User

from executions import audit, clock, policy
from executions.correlation.envelope import LONGEST, SIGNAL, SPECVERSION
from executions.errors import NotStorable, Refused
from executions.inbound import keeping
from executions.models import Execution
from executions.models.transactions import persistent
from executions.values import storable, timestamp

VERB = "signal"


def send(
    execution: Execution, actor: User, name: str, payload: Any, *, key: str | None = None
) -> keeping.Kept:
    """Send a signal for ``actor``, who sees the run already. With the same ``key`` it is the same.

    Raises Refused: nothing was sent then.
    """
    if not policy.can(actor, VERB, execution):
        raise Refused(
            "forbidden",
            "You may see this execution, but sending it signals is not for you.",
            state=execution.phase,
            remedy="Ask its owner or an administrator.",
        )
    if not execution.is_active():
        raise Refused(
            "wrong_phase",
            f"The execution is {execution.phase}; only one that has not ended hears signals.",
            state=execution.phase,
        )
    if key is not None and not 1 <= len(key) <= LONGEST["id"]:
        raise Refused("invalid", f"The key has to have 1 to {LONGEST['id']} characters.")
    now = timestamp(clock.now())
    envelope = {
        "specversion": SPECVERSION,
        "type": SIGNAL,
        "source": f"/executions/{execution.public_id}",
        "id": key or uuid.uuid4().hex,
        "subject": name,
        "time": now,
        "data": payload,
    }
    try:
        storable(envelope, limit_bytes=settings.STIGMER_VALUE_BYTES)
    except NotStorable as problem:
        raise Refused("invalid", f"The signal cannot be kept. {problem}") from problem
    return _kept(execution, actor, envelope)


@persistent
def _kept(execution: Execution, actor: User, envelope: dict[str, Any]) -> keeping.Kept:
    (kept,) = keeping.keep([envelope], execution.owner_id, execution.pk)
    if not kept.is_duplicate:
        state = audit.state(execution)
        audit.record(VERB, execution, actor, before=state, after=state, reason=envelope["subject"])
    return kept
