"""``call``: a call of a kind in the table, or of a function under ``use.functions``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache, partial
from itertools import islice
from typing import Annotated, Any, Literal

from pydantic import Field, create_model

from executions.calls.kind import CallKind, Effect
from executions.calls.table import CALLS, CALLS_NOT_YET
from executions.journal.records import StepRecord
from executions.language.checks.document import Outline, TaskPlace, mapping, text
from executions.language.checks.formula import Formulae, Formulas, stored
from executions.language.checks.place import Place
from executions.language.checks.report import Report
from executions.language.model.entries import ParametersOf
from executions.language.model.task import Blocks, Body, NamedTask, Targets, TaskBase
from executions.language.model.workflow import Workflow
from executions.language.reading.problems import shown
from executions.language.walking import calling
from executions.language.walking.walker import Frame, Walk, Walker

_KINDS = ", ".join(CALLS)


class CallTask(TaskBase):
    __doc__ = (
        f"A call: {', '.join(f'of ``{name}``' for name in CALLS)}, or of a function under"
        " ``use.functions`` (then ``with`` is its input)."
    )

    kind = "call"

    call: str = Field(
        min_length=1,
        description=f"{_KINDS} or the name of a function under `use.functions`",
        json_schema_extra={
            "not": {"enum": [*CALLS, *CALLS_NOT_YET]},
            "x-names": "/use/functions",
        },
    )
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")

    @classmethod
    def forms(cls) -> Mapping[str, type[TaskBase]]:
        return {"<call>": cls} | {f"<call {name}>": _form(name) for name in CALLS}

    @classmethod
    def tag_of(cls, body: Body) -> str:
        name = body.get("call")
        return f"<call {name}>" if isinstance(name, str) and name in CALLS else "<call>"

    @classmethod
    def formulas(cls, task: TaskPlace, formulae: Formulae) -> Formulas:
        name = text(task.body, "call")
        if name in CALLS_NOT_YET:
            return  # what it may hold is not known here
        row = CALLS.get(name or "")
        formulas = formulae.template("with")
        yield from formulas if row is not None and row.takes_secrets else stored(formulas)

    @classmethod
    def targets(cls, task: TaskPlace) -> Targets:
        row, arguments = CALLS.get(text(task.body, "call") or ""), task.body.get("with")
        if row is not None and isinstance(arguments, dict):
            for keys, target in row.targets(arguments):
                yield (*task.path, "with", *keys), target

    @classmethod
    def check(cls, task: TaskPlace, outline: Outline, report: Report) -> None:
        """Report calls of what is not there, and whatever the kind of the call finds."""
        name, functions = text(task.body, "call"), mapping(outline.document, "use", "functions")
        if name is None or report.is_full:
            return
        place = Place(task.path, outline, report)
        if name in CALLS:
            CALLS[name].check(Place((*task.path, "with"), outline, report, task.body.get("with")))
        elif name in CALLS_NOT_YET:
            expected = "one of " + ", ".join((*CALLS, *islice(functions, 20)))
            place.add(("call",), f"call: {name} is not supported yet", expected)
        elif "@" in name or "://" in name:
            place.add(
                ("call",), f"calling the function {shown(name)} of a catalog is not supported yet"
            )
        elif name not in functions:
            expected = f"{_KINDS} or a function declared under `use.functions`"
            place.unknown(
                ("call",), "there is no function {}", name, (*CALLS, *functions), expected
            )

    @property
    def row(self) -> CallKind | None:
        """The kind of the call; None where it calls a function of the workflow."""
        return CALLS.get(self.call)

    def effect(self, arguments: Any) -> Effect:
        """The task's own word, else that of the kind.

        Of a function it is said by the task that it is.
        """
        if self.row is None:
            return "pure"
        return self.metadata.effect or self.row.effect_of(
            arguments if isinstance(arguments, dict) else None
        )

    def blocks(self, workflow: Workflow) -> Blocks:
        task = None if self.row else workflow.use.functions.get(self.call)
        return {} if task is None else {"": [NamedTask.model_construct(name=self.call, task=task)]}

    def walk(self, walker: Walker, record: StepRecord, frame: Frame) -> Walk:
        if self.row is None:
            return (yield from self._walk_function(walker, record, frame))
        template = partial(self.row.completed, self.with_, walker.workflow)
        return (
            yield from calling.walk(walker, record, frame, self, self.row, self.with_, template)
        )

    def _walk_function(self, walker: Walker, record: StepRecord, frame: Frame) -> Walk:
        """A function of ``use.functions``: its task, with the call's ``with`` as its input."""
        if record.arguments is None:
            record.arguments = frame.scope.resolve(self.with_, record.input)
        walker.journal.begin(record)
        function = NamedTask.model_construct(
            name=self.call, task=walker.workflow.use.functions[self.call]
        )
        inner = replace(frame, pointer="/use/functions")
        path = f"{record.path}/{self.call}"
        return (
            yield from walker.task(
                function, path, f"/use/functions/{self.call}", inner, record.arguments
            )
        )


@cache
def _form(name: str) -> type[CallTask]:
    """The model of calls of this kind."""
    row = CALLS[name]
    call: Any = Literal[name]
    with_: Any = Annotated[dict[str, Any], ParametersOf(row.arguments)]
    return create_model(
        f"{name.title()}Call",
        __base__=CallTask,
        __module__=__name__,
        call=(call, Field()),
        with_=(with_, Field(alias="with", description=row.needs)),
    )
