"""``raise``: an error of the author's own."""

from __future__ import annotations

from typing import Annotated

from pydantic import Discriminator, Field, Tag

from executions.calls.parameters import OBJECT, TEXT, Model, shape
from executions.errors import WorkflowError
from executions.journal.records import StepRecord
from executions.language.model.policies import ErrorDefinition
from executions.language.model.task import Body, Edges, Pen, PureTask
from executions.language.walking.requests import TaskFailed
from executions.language.walking.walker import Frame, Walk, Walker


class RaiseError(Model):
    error: Annotated[
        Annotated[ErrorDefinition, Tag(OBJECT)]
        | Annotated[str, Tag(TEXT), Field(json_schema_extra={"x-names": "/use/errors"})],
        Discriminator(shape),
    ] = Field(description="an error, or the name of one under `use.errors`")


class RaiseTask(PureTask):
    """An error of the author's own."""

    kind = "raise"
    stored = ("raise",)
    names = (("errors", ("raise", "error")),)

    raise_: RaiseError = Field(alias="raise", description="an object with `error`")

    @classmethod
    def goes_on(cls, body: Body) -> bool:
        return "raise" not in body

    def walk(self, walker: Walker, record: StepRecord, frame: Frame) -> Walk:
        walker.journal.begin(record)
        yield from ()
        definition = walker.workflow.error_definition(self.raise_.error)
        error = frame.scope.resolve(
            definition.model_dump(by_alias=True, exclude_none=True), record.input
        )
        raise TaskFailed(
            WorkflowError(
                type=str(error["type"]),
                status=int(error["status"]),
                title=str(error.get("title", "")),
                detail=str(error.get("detail", "")),
                instance=str(error.get("instance") or frame.pointer),
            ),
            record.path,
        )

    def draw(self, key: str, pen: Pen) -> Edges:
        return []
