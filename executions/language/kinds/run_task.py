"""``run``: another workflow as a run of its own, a line for the shell, a program, or one in a
container.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, cast

from pydantic import Field

from executions.calls.command import COMMAND
from executions.calls.command.arguments import Container, ExitCodes, Return, Script, Shell
from executions.calls.kind import Effect
from executions.calls.outcome import Done, Fail
from executions.calls.parameters import Model
from executions.journal.decided import Child
from executions.journal.records import CALL, StepRecord
from executions.language.checks.document import Outline, TaskPlace, mapping
from executions.language.checks.formula import Formulae, Formulas, stored
from executions.language.checks.place import Place
from executions.language.checks.report import Report
from executions.language.model.task import Body, TaskBase
from executions.language.walking import calling
from executions.language.walking.requests import Spawn, TaskFailed
from executions.language.walking.walker import Frame, Walk, Walker

_KINDS = ("workflow", "shell", "script", "container")


class OtherWorkflow(Model):
    """Which workflow, and what it is given."""

    namespace: str = Field(min_length=1, description="the namespace of the workflow")
    name: str = Field(
        min_length=1,
        description="the name of the workflow",
        json_schema_extra={"x-names": "workflows"},
    )
    version: str = Field(
        "latest", min_length=1, description="the version of its document; the newest by default"
    )
    input: Any = Field(None, description="what it is given, with expressions")


class RunWorkflow(Model):
    """A workflow that runs as a run of its own."""

    not_yet: ClassVar[tuple[str, ...]] = ("return",)

    workflow: OtherWorkflow = Field(
        description=(
            "an object with `namespace` and `name`, or `shell`, `script` or `container` in its"
            " place"
        )
    )
    await_: bool = Field(True, alias="await", description="whether its end is waited for")


class _Command(Model):
    """The fields that every command may have."""

    return_: Return = Field(
        "stdout", alias="return", description="one of stdout, stderr, code, all and none"
    )
    await_: bool = Field(True, alias="await", description="whether its end is waited for")


class RunShell(_Command):
    """A line for the shell."""

    shell: Shell = Field(description="an object with `command`")


class RunScript(_Command):
    """A program."""

    script: Script = Field(description="an object with `language` and `code`")


class RunContainer(_Command):
    """A program in a container."""

    container: Container = Field(description="an object with `image`")


class RunTask(TaskBase):
    """Another workflow as a run of its own, a line for the shell, a program, or a container: waited
    for or let go.
    """

    kind = "run"

    run: RunWorkflow = Field(
        description="an object with `workflow`, `shell`, `script` or `container`"
    )

    @classmethod
    def forms(cls) -> Mapping[str, type[TaskBase]]:
        return {"<run>": cls} | {f"<run {name}>": each for name, each in _COMMANDS.items()}

    @classmethod
    def tag_of(cls, body: Body) -> str:
        kinds = [name for name in _KINDS if name in mapping(body, "run")]
        return f"<run {kinds[0]}>" if kinds and kinds[0] in _COMMANDS else "<run>"

    @classmethod
    def formulas(cls, task: TaskPlace, formulae: Formulae) -> Formulas:
        yield from stored(formulae.template("run", "workflow", "input"))
        for kind in _COMMANDS:
            for key in mapping(task.body, "run", kind):
                formulas = formulae.template("run", kind, key)
                # The edge gives these to the command, and keeps them nowhere. An engine keeps those
                # of a container.
                is_given = key == "environment" and kind != "container"
                yield from formulas if is_given else stored(formulas)

    @classmethod
    def check(cls, task: TaskPlace, outline: Outline, report: Report) -> None:
        """Report what is asked to run more than one thing."""
        kinds = [name for name in _KINDS if name in mapping(task.body, "run")]
        if len(kinds) > 1:
            Place(task.path, outline, report).add(
                ("run",), f"it has {' and '.join(kinds)}", f"exactly one of {', '.join(_KINDS)}"
            )

    def effect(self, arguments: Any) -> Effect:
        return "idempotent"

    def walk(self, walker: Walker, record: StepRecord, frame: Frame) -> Walk:
        if record.arguments is None:
            walker.check_limits(frame, frame.path)
            record.generation = max(record.generation, walker.facts.run.generation)
            record.arguments = self._resolve(record, frame)
        walker.journal.begin(record)
        limit = frame.nearest_limit()
        outcome: Done | Fail = yield Spawn(record, self.run.await_, limit.at if limit else None)
        if isinstance(outcome, Done):
            return outcome.output, None
        if limit is not None and walker.now() >= limit.at and Child.of(record).child is not None:
            raise walker.timed_out(limit, record.path)
        error = replace(outcome.error, instance=outcome.error.instance or frame.pointer)
        raise TaskFailed(error, record.path, fail=outcome)

    def _resolve(self, record: StepRecord, frame: Frame) -> dict[str, Any]:
        workflow = self.run.workflow
        arguments = {
            "namespace": workflow.namespace,
            "name": workflow.name,
            "version": workflow.version,
        }
        if "input" in workflow.model_fields_set:
            arguments["input"] = frame.scope.resolve(workflow.input, record.input)
        return arguments


class _CommandTask(TaskBase):
    """A command in the sandbox, in the workspace of its run or in an empty folder."""

    kind = "run"
    recorded_as = CALL
    call: ClassVar[str] = COMMAND.name

    def effect(self, arguments: Any) -> Effect:
        return self.metadata.effect or COMMAND.effect_of(
            arguments if isinstance(arguments, dict) else None
        )

    def walk(self, walker: Walker, record: StepRecord, frame: Frame) -> Walk:
        run = cast("RunShell | RunScript | RunContainer", self.run)  # type: ignore[attr-defined]
        written = run.model_dump(by_alias=True, exclude_unset=True)
        codes = self.metadata.exit_codes or ExitCodes()
        own: dict[str, Any] = {"exitCodes": codes.model_dump()}
        if self.metadata.artifacts:
            own["artifacts"] = self.metadata.artifacts
        if self.metadata.network:
            own["network"] = True
        if walker.workflow.has_workspace:
            own["workspace"] = True
        before = record.input
        output, flow = yield from calling.walk(
            walker, record, frame, self, COMMAND, written, lambda: written | own
        )
        return (output if run.await_ else before), flow


class ShellTask(_CommandTask):
    """A line for the shell, in the sandbox."""

    run: RunShell = Field(description="an object with `shell`")


class ScriptTask(_CommandTask):
    """A program, in the sandbox."""

    run: RunScript = Field(description="an object with `script`")


class ContainerTask(_CommandTask):
    """A program, in a container."""

    run: RunContainer = Field(description="an object with `container`")


_COMMANDS: Mapping[str, type[TaskBase]] = {
    "shell": ShellTask,
    "script": ScriptTask,
    "container": ContainerTask,
}
