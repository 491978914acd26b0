"""``wait``: a pause that outlives restarts."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from executions.calls.duration import Duration
from executions.journal.decided import Wait
from executions.journal.records import StepRecord
from executions.language.model.task import PureTask
from executions.language.walking.walker import Frame, Walk, Walker
from executions.states import WaitingFor


class WaitTask(PureTask):
    """A pause that outlives restarts."""

    kind = "wait"
    stored = ("wait",)

    wait: Duration = Field(description="a duration")

    def walk(self, walker: Walker, record: StepRecord, frame: Frame) -> Walk:
        decided = Wait.of(record)
        until = decided.until
        if until is None:
            seconds = frame.scope.seconds_of(self.wait, record.input)
            until = decided.until = walker.now() + timedelta(seconds=seconds)
            walker.journal.begin(record)
        yield from walker.wait(record, until, frame, WaitingFor.TIMER)
        return record.input, None
