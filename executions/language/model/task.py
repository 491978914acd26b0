"""The base of every task, and the table of the kinds.

Source: Serverless Workflow DSL 1.0, reference, Task.

A task's kind is the key that it has (``set``, ``call``, …). Its class is the kind's row: the fields
as in the DSL (with a trailing underscore where Python has the word for itself) and all that doors
ask about the kind. docs/how-to-add.md.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, ClassVar, Protocol

from pydantic import ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from executions.calls.command.arguments import ArtifactName, ExitCodes
from executions.calls.duration import Duration
from executions.calls.kind import Effect
from executions.calls.parameters import Model
from executions.journal.records import StepRecord
from executions.language.checks.document import Keys, Outline, TaskPlace
from executions.language.checks.formula import Formulae, Formulas
from executions.language.checks.report import Report
from executions.language.model.entries import Named
from executions.language.model.policies import (
    ExportTransform,
    InputTransform,
    OutputTransform,
    RetryPolicy,
    TimeoutOrName,
)
from executions.language.model.policies import Formula as Expression
from executions.language.reading.problems import Path

Body = dict[str, Any]
Targets = Iterator[tuple[Path, str]]
Blocks = Mapping[str, Sequence["NamedTask"]]
Edges = list[tuple[str, str, str | None]]
"""Edges of a graph before it is known where they end.

The node that they leave, the word on them, and their target in the words of ``then``; None: as the
``then`` of the task says.
"""


class Pen(Protocol):
    """The tools with which a task draws itself."""

    def block(self, tasks: Sequence[NamedTask], prefix: str, before: Edges) -> Edges:
        """Draw a list of tasks after ``before``; what leads out of it."""


class OneOfKinds:
    """Marks a task of any kind in the table. A model that holds one is built once the table is full
    (``defer_build``)."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        forms = {tag: form for kind in KINDS.values() for tag, form in kind.forms().items()}
        if not forms:
            raise RuntimeError(
                "the kinds of tasks are not known yet: add `defer_build` to the model's"
                " configuration"
            )
        choices = {tag: handler.generate_schema(form) for tag, form in forms.items()}
        return core_schema.tagged_union_schema(choices, discriminator=_tag)


class TaskMetadata(Model):
    """Our own settings of a task; other keys are the author's and are kept."""

    model_config = ConfigDict(extra="allow")

    optional: bool = Field(
        False, description="whether a person may skip the task when it has failed"
    )
    effect: Effect | None = None
    retry: RetryPolicy | None = None
    attempt_timeout: Duration | None = Field(None, alias="attemptTimeout")
    artifacts: list[ArtifactName] = Field(
        default_factory=list,
        max_length=50,
        description="paths of files that a command leaves and that are kept with the run",
    )
    network: bool = Field(
        False, description="whether a command reaches the network, which the operator has to allow"
    )
    exit_codes: ExitCodes | None = Field(
        None, alias="exitCodes", description="what the exit codes of a command mean"
    )


class TaskBase(Model):
    """The fields that every task can have, and the answers of a kind that says nothing else.

    The methods of the class look at plain JSON, which may be full of mistakes; each minds the keys
    of its own kind.
    """

    model_config = ConfigDict(defer_build=True)

    kind: ClassVar[str]
    # The kind under which its steps are recorded, where that is another one.
    recorded_as: ClassVar[str] = ""
    # Whether secrets are taken out of what it gives, as all that follows from it is a prompt.
    hides_secrets: ClassVar[bool] = False
    # The keys of the lists of tasks inside it.
    lists: ClassVar[tuple[Keys, ...]] = ()
    # Whether the tasks of its lists run beside each other, and not one after the other.
    forks: ClassVar[bool] = False
    # The keys whose values are made from expressions and are kept.
    stored: ClassVar[tuple[str, ...]] = ()
    # The places that name something declared: the section under ``use``, and the keys of the name.
    names: ClassVar[tuple[tuple[str, Keys], ...]] = ()
    # The parts into which it divides the paths of the tasks inside it (``try@`` in
    # ``/guard/try@2/charge``), each with what stands for it in the graph, where runs of a part are
    # not told apart.
    parts: ClassVar[tuple[tuple[str, str], ...]] = ()

    if_: Expression | None = Field(None, alias="if")
    input: InputTransform | None = None
    output: OutputTransform | None = None
    export: ExportTransform | None = None
    timeout: TimeoutOrName | None = None
    then: str | None = Field(
        None,
        min_length=1,
        description="continue, exit, end or the name of a task in this list",
        json_schema_extra={"x-names": "tasks"},
    )
    metadata: TaskMetadata = Field(default_factory=TaskMetadata)

    @classmethod
    def forms(cls) -> Mapping[str, type[TaskBase]]:
        """The models of this kind by their tags."""
        return {cls.tag_of({}): cls}

    @classmethod
    def tag_of(cls, body: Body) -> str:
        """The tag of the model that reads this task."""
        return f"<{cls.kind}>"

    @classmethod
    def variables(cls, body: Body, keys: Keys) -> frozenset[str]:
        """The variables that it gives to the list at ``keys``."""
        return frozenset()

    @classmethod
    def formulas(cls, task: TaskPlace, formulae: Formulae) -> Formulas:
        """Its expressions, beside those under ``stored`` and those that every task may have."""
        yield from ()

    @classmethod
    def targets(cls, task: TaskPlace) -> Targets:
        """The tasks to which it leads beside its ``then``."""
        yield from ()

    @classmethod
    def goes_on(cls, body: Body) -> bool:
        """Whether the next task of the list may follow where it has no ``then``."""
        return True

    @classmethod
    def check(cls, task: TaskPlace, outline: Outline, report: Report) -> None:
        """Report whatever else is wrong with it."""

    @abstractmethod
    def effect(self, arguments: Any) -> Effect:
        """The effect on the world of running it with these arguments."""

    @abstractmethod
    def walk(self, walker: Any, record: StepRecord, frame: Any) -> Any:
        """Carry it out: a :data:`~executions.language.walking.walker.Walk`, which yields what it
        asks of the driver and gives its output and where it leads to (None: as its ``then`` says).
        """

    def blocks(self, workflow: Any) -> Blocks:
        """The lists of tasks inside it by their part of the path; ``""`` where they stand right
        below it.
        """
        return {}

    def next_round(self, record: StepRecord, number: int) -> str | None:
        """The first path of the round after round ``number``; empty where only the run itself can
        tell, None where no round follows.
        """
        return None

    def draw(self, key: str, pen: Pen) -> Edges:
        """Draw what is inside it; what leads out of it."""
        return [(key, "", None)]


class PureTask(TaskBase):
    """A task that does nothing to the world: it may run again at any time."""

    def effect(self, arguments: Any) -> Effect:
        return "pure"


Task = Annotated[TaskBase, OneOfKinds()]


class NamedTask(Named):
    model_config = ConfigDict(defer_build=True)

    task: Task = Field(alias="<entry>")


KINDS: dict[str, type[TaskBase]] = {}
"""Every kind of task; :mod:`executions.language.kinds` fills it."""
_OF_THE_DSL = ("fork", "listen", "emit", "run")


@cache
def kinds_not_yet() -> tuple[str, ...]:
    """Kinds that the DSL has and we do not support yet."""
    return tuple(kind for kind in _OF_THE_DSL if kind not in KINDS)


def kinds_of(task: dict[str, Any]) -> list[str]:
    """The keys of a task that name a kind; one that belongs to another kind that it has (the ``do``
    of a ``for``) is no second one.
    """
    kinds = [kind for kind in _names() if kind in task]
    if len(kinds) < 2:
        return kinds
    return [
        kind for kind in kinds if not any(kind in _keys(other) for other in kinds if other != kind)
    ]


@cache
def _names() -> tuple[str, ...]:
    return (*KINDS, *kinds_not_yet())


@cache
def _keys(kind: str) -> frozenset[str]:
    """The keys that are the kind's own; none of a kind that we do not have."""
    fields = KINDS[kind].model_fields if kind in KINDS else {}
    return frozenset(
        field.alias or name for name, field in fields.items() if name not in TaskBase.model_fields
    )


@cache
def _by_key() -> dict[str, list[type[TaskBase]]]:
    by_key: dict[str, list[type[TaskBase]]] = {}
    for kind, row in KINDS.items():
        for key in _keys(kind):
            by_key.setdefault(key, []).append(row)
    return by_key


def rows_of(body: Body) -> Collection[type[TaskBase]]:
    """The kinds that know a key of this task, whether or not it is whole: who checks it asks them
    all.
    """
    by_key = _by_key()
    return dict.fromkeys(row for key in body for row in by_key.get(key, ()))


def _tag(task: Any) -> str | None:
    kinds = kinds_of(task) if isinstance(task, dict) else ()
    row = KINDS.get(kinds[0]) if len(kinds) == 1 else None
    return row.tag_of(task) if row else None
