"""Which bell announces a new execution: nobody's batch may keep the first runs of others
waiting.
"""

from __future__ import annotations

from executions import dispatch
from executions.models import Execution
from executions.states import Phase

BEHIND = dispatch.QUEUES[-1]
# New executions that an owner starts beyond this number wait behind those of others.
SHARE = 10


def queue_of_first_bell(execution: Execution) -> str:
    """Its own queue, or the last one where others wait in its own and its owner has a fair share
    waiting already.

    Only the first bell is affected: what has begun goes on by its own queue. While few wait it
    costs one question to Redis and none to the database.
    """
    if dispatch.waiting(execution.queue) < SHARE:
        return execution.queue
    not_begun = Execution.objects.filter(owner_id=execution.owner_id, phase=Phase.PENDING)
    return BEHIND if len(not_begun.values_list("pk")[: SHARE + 1]) > SHARE else execution.queue
