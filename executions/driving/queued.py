"""Messages that were said to a run while it worked: given to its turns, and the rest
begins the next run when it ends.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

import structlog

from executions.agents.paths import is_said
from executions.driving.lease import load_records
from executions.errors import Refused
from executions.ids import public_id
from executions.intake.start import start_agent
from executions.models import Execution, QueuedMessage

log = structlog.get_logger(__name__)


def waiting(execution: uuid.UUID, taken: Collection[str]) -> list[dict[str, Any]]:
    """Those that no turn has taken, in the order in which they came."""
    rows = QueuedMessage.objects.filter(execution=execution).select_related("sender")
    return [
        {
            "id": row.public_id,
            "text": row.text,
            "by": row.sender.get_username() if row.sender else "",
        }
        for row in rows
        if row.public_id not in taken
    ]


def left_by(execution: uuid.UUID) -> list[dict[str, Any]]:
    """Those that wait for a turn of this run, as its journal stands."""
    if not QueuedMessage.objects.filter(execution=execution).exists():
        return []
    said = [record.output for record in load_records(execution) if is_said(record.path)]
    taken = {each["id"] for output in said if output for each in output["messages"]}
    return waiting(execution, taken)


def go_on_with_what_is_left(execution: Execution) -> None:
    """In the transaction in which a run is completed: what came after its last turn begins the next
    one.
    """
    left = left_by(execution.pk)
    if not left:
        return
    assert execution.agent is not None
    text = "\n\n".join(each["text"] for each in left)
    try:
        start_agent(
            execution.agent,
            execution.owner,
            message=text,
            from_run=public_id("aex", execution.pk),
            session=execution.session,
        )
    except Refused as why:
        # Nobody may run it any more; the messages stay with the run and are shown there.
        log.info("messages begin no run", execution_id=execution.public_id, why=why.text)
