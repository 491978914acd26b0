"""Runs a command in the sandbox, and says how it ended."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import structlog

from executions import sandbox
from executions.calls import output
from executions.calls.command import beside, languages, leaving, saving
from executions.calls.context import Cancellation, Nobody, StepContext
from executions.calls.outcome import Done, Fail, Outcome
from executions.errors import WorkflowError
from executions.mind.heard import Heard
from executions.sandbox import Command, Ended, Limits, Place, Spoiled, Standing, Why, engines
from executions.sandbox.command import PROCESSES
from executions.sandbox.places import passing
from executions.sandbox.sharing import shared
from executions.sandbox.walls import Start

Json = Any
NO_NETWORK = (
    "Commands of this workflow may not reach the network: the operator names those that may"
    " (STIGMER_COMMANDS_MAY=reach-the-network:NAMESPACE/NAME)."
)
_LAST_LINE_CHARACTERS = 400
# Of podman and docker: they have failed, not what runs in the container.
_NOT_STARTED = 125
_WITHHELD = "its last line holds a secret"
log = structlog.get_logger(__name__)


def run(arguments: Mapping[str, Json], context: StepContext) -> Outcome:
    """Run ``shell``, ``script`` or ``container`` of ``arguments``, in the workspace of the run, or
    where it has none in an empty folder that is removed again.
    """
    limits = context.limits
    if not limits["is_on"]:
        return _refused("Commands are turned off on this server (STIGMER_COMMANDS_MAY=off).")
    folder, hidden = Path(limits["folder"]), [Path(limits["hidden"])]
    try:
        standing = sandbox.standing(folder, hidden)
        if refusal := _refusal(arguments, standing, limits["may"]):
            return _refused(refusal)
        if arguments.get("network") and not context.resources.get("network"):
            return _refused(NO_NETWORK)
        context.secrets.give_to_command()
        if arguments.get("await") is False:
            _beside(arguments, context, standing)
            return Done(None)
        with _place(folder, context) as place:
            return _run(arguments, context, place, standing, hidden)
    except languages.Unusable as problem:
        return _refused(str(problem))
    except OSError as problem:
        return _unprepared(problem)


def _refusal(arguments: Mapping[str, Json], standing: Standing, may: Collection[str]) -> str:
    """Why this is not run here; empty where it is."""
    if "container" not in arguments:
        return standing.refused(may)
    return engines.containers(may).why or engines.why_not(arguments["container"]["image"], may)


def close() -> None:
    """End the commands that nobody waits for: they end with the worker."""
    beside.close()


def _beside(arguments: Mapping[str, Json], context: StepContext, standing: Standing) -> None:
    """Run it while its workflow goes on: to its end, its time limit, the end of its run, or of the
    worker.
    """
    alone = replace(context, cancellation=Cancellation(), audience=Nobody())
    folder, hidden = Path(context.limits["folder"]), [Path(context.limits["hidden"])]
    log_fields = {"execution": context.execution_id, "path": context.path}

    def work() -> None:
        try:
            with _place(folder, alone) as place:
                outcome = _run(arguments, alone, place, standing, hidden)
            if isinstance(outcome, Fail):
                log.warning(
                    "a command that nobody waits for failed", **log_fields, rule=outcome.rule
                )
        except (OSError, languages.Unusable) as problem:
            log.warning(
                "a command that nobody waits for failed", **log_fields, problem=str(problem)
            )

    beside.begin(context.execution_id, alone.cancellation, work)


@contextmanager
def _place(folder: Path, context: StepContext) -> Iterator[Place]:
    path = context.resources.get("workspace")
    workspace = None if path is None else Path(path)
    with passing(folder, workspace) as place:
        if workspace is None:
            yield place
        else:
            with shared(workspace, place.work):
                yield place


def _run(
    arguments: Mapping[str, Json],
    context: StepContext,
    place: Place,
    standing: Standing,
    hidden: list[Path],
) -> Outcome:
    command = _command(arguments, context, place)
    listener = _Heard(context)
    context.audience.begin()
    try:
        start, limits = _start(arguments, command, context, place, standing, hidden)
        ended = sandbox.run(
            command,
            place,
            start,
            limits,
            deadline=context.deadline,
            stopping=context.cancellation,
            heard=listener.add,
        )
        listener.end()
    except Spoiled as problem:
        return Fail(
            WorkflowError.standard("runtime", f"{problem}."),
            transient=problem.began,
            rule="command spoiled",
            effect_possible=problem.began,
            log=listener.log(),
        )
    finally:
        context.audience.end()
    outcome = _outcome(arguments, ended, listener.log(), context)
    if isinstance(outcome, Done):
        outcome = replace(outcome, output=context.secrets.kept(outcome.output))
    artifacts = arguments.get("artifacts") or ()
    outcome = leaving.kept(outcome, artifacts, place, context.limits) if artifacts else outcome
    if context.resources.get("start_commit") and ended.why is not Why.STOPPED:
        outcome = replace(outcome, saved=saving.saved(context, place, standing, hidden))
    return outcome


def _start(
    arguments: Mapping[str, Json],
    command: Command,
    context: StepContext,
    place: Place,
    standing: Standing,
    hidden: list[Path],
) -> tuple[Start, Limits]:
    """Raises OSError."""
    limits = Limits(context.limits["memory_bytes"], context.limits["disk_bytes"])
    if "container" not in arguments:
        return standing.start(command, place, hidden), limits
    engine = engines.containers(context.limits["may"]).engine
    assert engine is not None, "it was asked for just now"
    definition = arguments["container"]
    is_line, run = bool(definition.get("command")), context.execution_id
    return engine.start(command, place, limits, definition["image"], is_line=is_line, run=run)


def _command(arguments: Mapping[str, Json], context: StepContext, place: Place) -> Command:
    """Raises OSError and languages.Unusable."""
    kind = next(each for each in languages.KINDS if arguments.get(each))
    definition = arguments[kind]
    stdin, argv = definition.get("stdin"), languages.KINDS[kind](definition, place)
    variables = context.secrets.fill(definition.get("environment") or {})
    if not isinstance(variables, dict):
        raise languages.Unusable("The environment of a command has to be an object.")
    environment = {str(name): languages.text(value) for name, value in variables.items()}
    if kind == "container":
        languages.check_variables(environment)
    read_only = context.resources.get("read_only") or {}
    stdin = "" if stdin is None else languages.text(stdin)
    return Command(argv, environment, stdin, read_only, network=bool(arguments.get("network")))


class _Heard:
    """The output of a command, for its followers and for the log: without the secrets that it was
    given. Text that may be the beginning of one waits for more.
    """

    def __init__(self, context: StepContext) -> None:
        self._audience, self._secrets = context.audience, context.secrets
        self._plain = output.Plain()
        self._parts: list[str] = []
        self._held = ""

    def add(self, written: str) -> None:
        whole = self._held + self._plain.of(written)
        at = len(whole) - self._secrets.held_back(whole)
        self._held = whole[at:]
        self._tell(whole[:at])

    def end(self) -> None:
        """Nothing more comes."""
        self._tell(self._held)
        self._held = ""

    def _tell(self, text: str) -> None:
        if text:
            redacted = str(self._secrets.redact(text))
            self._parts.append(redacted)
            self._audience.hear(Heard(redacted, pieces=1))

    def log(self) -> str:
        return output.bounded("".join(self._parts))


def _outcome(
    arguments: Mapping[str, Json], ended: Ended, log: str, context: StepContext
) -> Done | Fail:
    returned = str(arguments.get("return") or "stdout")
    codes = arguments.get("exitCodes") or {}
    if ended.why is not Why.NOTHING:
        return _ended_early(ended, log, context)
    if "container" in arguments and ended.code == _NOT_STARTED:
        return _not_started(ended, log)
    if ended.code not in codes.get("ok", [0]) and returned not in ("code", "all"):
        return _failed(ended, codes.get("retry", []), log, context)
    value = _RETURNED[returned](ended)
    if len(json.dumps(value)) > context.limits["value_bytes"]:
        detail = (
            f"The command wrote more than {context.limits['value_bytes']:,} bytes, the most that a"
            " value may have. Write it to a file and keep it as an artifact, or return `code` or"
            " `none`."
        )
        error = WorkflowError.standard("runtime", detail)
        return Fail(error, transient=False, rule="output too large", answered=True, log=log)
    return Done(value, log)


_RETURNED: dict[str, Callable[[Ended], Json]] = {
    "stdout": lambda ended: output.trimmed(ended.stdout),
    "stderr": lambda ended: output.trimmed(ended.stderr),
    "code": lambda ended: ended.code,
    "all": lambda ended: {
        "code": ended.code,
        "stdout": output.trimmed(ended.stdout),
        "stderr": output.trimmed(ended.stderr),
    },
    "none": lambda ended: None,
}


def _not_started(ended: Ended, log: str) -> Fail:
    """The engine's own exit code."""
    lines = ended.stderr.strip().splitlines() or ["it does not say why"]
    last_line = output.plain(lines[-1])[:_LAST_LINE_CHARACTERS]
    error = WorkflowError.standard("runtime", f"The container could not be run: {last_line}")
    return Fail(error, transient=False, rule="no container", log=log)


def _failed(ended: Ended, retried: list[int], log: str, context: StepContext) -> Fail:
    """By its exit code."""
    lines = (ended.stderr or ended.stdout).strip().splitlines()
    last = str(context.secrets.redact(output.plain(lines[-1]))) if lines else "it wrote nothing"
    last = _WITHHELD if context.secrets.withholds(last) else last[:_LAST_LINE_CHARACTERS]
    signal = f" (signal {ended.code - 128})" if 128 < ended.code < 160 else ""
    error = WorkflowError.standard("runtime", f"Exit code {ended.code}{signal}: {last}")
    may_pass = ended.code in retried
    return Fail(
        error,
        transient=may_pass,
        rule=f"exit code {ended.code}",
        # The author has said that it may be run again after this one.
        effect_possible=not may_pass,
        answered=True,
        log=log,
    )


def _ended_early(ended: Ended, log: str, context: StepContext) -> Fail:
    words = {
        Why.TIME: ("timeout", f"it did not end within {context.deadline.seconds:g} s"),
        Why.MEMORY: (
            "runtime",
            f"it took more than {context.limits['memory_bytes'] // 2**20:,} MiB of memory"
            " (STIGMER_MEMORY_BYTES)",
        ),
        Why.DISK: (
            "runtime",
            f"its folders took more than {context.limits['disk_bytes'] // 2**20:,} MiB, or too many"
            " files (STIGMER_WORKSPACE_BYTES)",
        ),
        Why.PROCESSES: ("runtime", f"it ran more than {PROCESSES} processes"),
        Why.STOPPED: ("runtime", "it was cancelled"),
    }
    kind, reason = words[ended.why]
    detail = f"The command was ended with all that it had started: {reason}."
    return Fail(
        WorkflowError.standard(kind, detail),
        transient=ended.why is Why.TIME,
        rule=f"command ended: {ended.why}",
        log=log,
    )


def _refused(detail: str) -> Fail:
    """Nothing was run."""
    error = WorkflowError.standard("configuration", detail)
    return Fail(error, transient=False, rule="cannot be run here", effect_possible=False)


def _unprepared(problem: OSError) -> Fail:
    """Its folder could not be made: a full disk may have room again."""
    detail = f"The folder of the command could not be made: {problem.strerror or problem}."
    error = WorkflowError.standard("runtime", detail)
    return Fail(error, transient=True, rule="no folder", effect_possible=False)
