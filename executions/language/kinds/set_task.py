"""``set``: data made from expressions."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from executions.calls.parameters import OBJECT, TEXT, Expression, shape
from executions.journal.records import StepRecord
from executions.language.model.task import PureTask
from executions.language.walking.walker import Frame, Walk, Walker


class SetTask(PureTask):
    """Data made from expressions."""

    kind = "set"
    stored = ("set",)

    set: Annotated[
        Annotated[dict[str, Any], Field(min_length=1), Tag(OBJECT)]
        | Annotated[Expression, Tag(TEXT)],
        Discriminator(shape),
    ] = Field(description="an object, or an expression")

    def walk(self, walker: Walker, record: StepRecord, frame: Frame) -> Walk:
        walker.journal.begin(record)
        yield from ()
        return frame.scope.transform(self.set, record.input), None
