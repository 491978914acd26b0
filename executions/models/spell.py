"""A spell of trouble is told twice, when it begins and when it is over, however often it is met
between.
"""

from __future__ import annotations

import time

import structlog

log = structlog.get_logger(__name__)


class Spell:
    """The words of one part of a process about a database in trouble. One thread uses it."""

    def __init__(self, who: str) -> None:
        self._who = who
        self._since: float | None = None
        self._times = 0

    def met(self, problem: BaseException, event: str, **facts: object) -> None:
        """Say it if the spell begins with this."""
        self._times += 1
        if self._since is None:
            self._since = time.monotonic()
            log.warning(event, who=self._who, problem=str(problem).strip(), **facts)

    def over(self, event: str) -> None:
        """Say how long it took, if there was a spell."""
        if self._since is not None:
            seconds = round(time.monotonic() - self._since, 1)
            log.info(event, who=self._who, seconds=seconds, tries_in_vain=self._times)
        self._since, self._times = None, 0

    @property
    def seconds(self) -> float:
        """How long it lasts by now; 0 where there is none."""
        return 0.0 if self._since is None else time.monotonic() - self._since
