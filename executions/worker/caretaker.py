"""The workspaces of this host: those whose runs have ended are looked at, and removed in time."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from django.conf import settings
from django.db import close_old_connections

from executions.calls.command import beside
from executions.ids import parse_public_id
from executions.models import Execution
from executions.sandbox import engines
from executions.states import ACTIVE_PHASES
from executions.verbs.deciding import remaking
from executions.worker.rounds import Rounds
from executions.workspaces import caring

SWEEP_SECONDS = 60.0
log = structlog.get_logger(__name__)


class Caretaker(Rounds):
    """Looks each second or two whether a run has ended, each minute what is kept no longer and what
    has waited for its host for long enough.
    """

    what = "workspaces"
    pause = 2.0

    def __init__(self, concerns: Callable[[], bool]) -> None:
        super().__init__()
        self._concerns = concerns
        self._sweep_at = 0.0
        self._thread.start()

    def round(self) -> float:
        """Looks after workspaces of runs that ended, and now and then after those that are kept no
        longer.
        """
        end_left_commands()
        if self._concerns():
            caring.examine_ended(self._closed.is_set)
        if time.monotonic() >= self._sweep_at:
            self._sweep_at = time.monotonic() + SWEEP_SECONDS
            caring.sweep(self._closed.is_set)
            _end_left_containers()
            remaking.remake_the_late()
        close_old_connections()
        return self.pause


def _end_left_containers() -> None:
    """Those of workers that are no more: a daemon keeps them alive."""
    try:
        ended = engines.end_of_the_dead(settings.STIGMER_COMMANDS_MAY)
    except OSError as problem:
        log.warning("containers that were left are not looked for", problem=str(problem))
        return
    if ended:
        log.warning("containers were left by a dead worker", ended=ended)


def end_left_commands() -> None:
    """A command that nobody waits for ends with its run, however that ended."""
    runs = {key: run for run in beside.runs() if (key := parse_public_id(run, "wex", "aex"))}
    if not runs:
        return
    active = Execution.objects.filter(pk__in=runs, phase__in=ACTIVE_PHASES)
    going_on = set(active.values_list("pk", flat=True))
    beside.end_those_of({run for key, run in runs.items() if key not in going_on})
