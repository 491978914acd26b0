"""Driving an execution in the process of a test, which holds nothing else."""

from __future__ import annotations

import uuid

from executions.driving.attempts.running import Running
from executions.driving.driver import advance
from executions.driving.store import Store


def drive_once(
    execution_id: uuid.UUID, *, process_id: uuid.UUID, store: Store, running: Running
) -> bool:
    """Drive it beside others or, where it has to be, alone. False: there was nothing to do."""
    return any(
        advance(execution_id, process_id=process_id, store=store, running=running, alone=alone)
        for alone in (False, True)
    )
