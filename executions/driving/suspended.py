"""Walks of runs that wait, kept in memory by the worker that drove them.

A run that is taken is walked from its journal, which costs more the longer the journal is. The
worker that let go of a waiting run keeps the walk where it stands, and goes on from there if nobody
took the run since and nothing was written to it. In every other case (a restart, another worker, a
decision of a person) the run is walked from its journal: what is kept is never needed.
"""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from executions import clock
from executions.language.walking.requests import Request

if TYPE_CHECKING:
    from executions.driving.drive import Drive
    from executions.models import Execution
    from executions.models.move import Applied

# A shorter journal is walked as fast as it is found here.
LEAST_STEPS = 10
# From so many on the others leave the run for a moment to the process that keeps its walk
# (models.claiming): fewer are walked sooner than a busy worker comes to them.
LEAST_STEPS_OF_A_KEEPER = 200
# A run that waits longer is not worth the memory.
LONGEST_WAIT = timedelta(minutes=10)
# Characters of the JSON of all kept journals together, each step and each run counted with what
# its objects take beside its values.
ROOM, OF_A_STEP, OF_A_RUN = 64_000_000, 1_000, 20_000


# Each is another one, whatever it holds.
@dataclass(frozen=True, slots=True, eq=False)
class Suspended:
    """A walk that stands at a request, and the drive around it.

    ``token`` and ``head_seq`` are those of the move that let go of the run: each claim raises the
    one, each move the other. ``waited_seconds`` is what the thread had waited for children that
    evaluate, which the walk's time limits leave out.
    """

    drive: Drive
    walk: Generator[Request, Any, Any]
    request: Request
    token: int
    head_seq: int
    waited_seconds: float

    @property
    def weight(self) -> int:
        """Roughly its bytes."""
        journal = self.drive.journal
        return OF_A_RUN + OF_A_STEP * len(journal.steps) + journal.characters

    def goes_on(self, execution: Execution, applied: Applied) -> bool:
        """Whether the run stands as the walk does: the claim that this process has just made is the
        only move since.

        News that came without a move (an event, the end of a child) changed no step: the request
        at which the walk stands looks for it.
        """
        return (
            execution.left_by_id is None
            and (applied.token, applied.head_seq) == (self.token + 1, self.head_seq + 1)
            and execution.head_digest == self.drive.journal.head_digest
        )


def is_worth_keeping(drive: Drive, until: datetime | None) -> bool:
    """Whether a run that waits ``until`` then may be met again soon, and its walk costs something.

    A walk that reads secrets or works in a folder begins anew: both may have changed meanwhile.
    """
    return (
        len(drive.journal.steps) >= LEAST_STEPS
        # Its process ends with this drive.
        and not drive.execution.alone
        and not drive.workflow.use.secrets
        and not drive.workflow.has_workspace
        and (until is None or until <= clock.now() + LONGEST_WAIT)
    )


class SuspendedWalks:
    """The walks that this process keeps; those that were kept first are dropped for newer ones."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._lock = threading.Lock()
        self._kept: OrderedDict[uuid.UUID, tuple[Suspended, int]] = OrderedDict()
        self._weight = 0

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, execution_id: uuid.UUID, walk: Suspended) -> None:
        weight = walk.weight
        with self._lock:
            self._drop(execution_id)
            if weight > self._room:
                return
            self._kept[execution_id] = walk, weight
            self._weight += weight
            while self._weight > self._room:
                self._drop(next(iter(self._kept)))

    def get(self, execution_id: uuid.UUID) -> Suspended | None:
        """The walk, which stays kept: a claim that is rolled back may be made again."""
        with self._lock:
            kept = self._kept.get(execution_id)
        return None if kept is None else kept[0]

    def forget(self, execution_id: uuid.UUID) -> None:
        """The run was taken: whoever has its walk goes on with it, or it is of no use."""
        with self._lock:
            self._drop(execution_id)

    def _drop(self, execution_id: uuid.UUID) -> None:
        kept = self._kept.pop(execution_id, None)
        self._weight -= 0 if kept is None else kept[1]
