"""``wait``: a pause that outlives restarts."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import Field

from executions.journal.records import StepRecord
from executions.language.model.duration import Duration
from executions.language.model.task import PureTask
from executions.language.walking.walker import Frame, Walk, Walker
from executions.states import WaitingFor


class WaitTask(PureTask):
    """A pause that outlives restarts."""

    kind = "wait"
    stored = ("wait",)

    wait: Duration = Field(description="a duration")

    def walk(self, walker: Walker, record: StepRecord, frame: Frame) -> Walk:
        if "until" not in record.control:
            seconds = frame.scope.seconds_of(self.wait, record.input)
            record.control["until"] = (walker.now() + timedelta(seconds=seconds)).isoformat()
            walker.journal.begin(record)
        until = datetime.fromisoformat(record.control["until"])
        yield from walker.wait(record, until, frame, WaitingFor.TIMER)
        return record.input, None
