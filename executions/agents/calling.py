"""One tool call of a turn: whether it can be made, whether it may be made, and what it gave.

A call of an unknown tool, and one whose arguments do not fit, is a step that failed without having
run anything. Its error goes back to the model, as the tool's own errors do. A tool that cannot be
reached fails the step for a person.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from executions.agents import asking, paths, stored
from executions.agents.own_tools import OWN_TOOLS, OwnToolFailed
from executions.agents.program import COMMAND_CALL, FUNCTION_CALL, QUESTION, SERVER_CALL, AgentTask
from executions.agents.secrets import names_in
from executions.agents.taint import taint_of
from executions.agents.tools import Offered, cleaned
from executions.calls.outcome import Done, Fail
from executions.errors import WorkflowError
from executions.journal.decided import Child, Task, ToolCall
from executions.journal.records import StepRecord
from executions.language.walking import schemas
from executions.language.walking.requests import Breathe, Spawn, TaskFailed
from executions.mind.messages import Message, result
from executions.states import StepStatus

if TYPE_CHECKING:
    from executions.agents.stepping import Walk
    from executions.agents.walking import AgentWalker

NOT_FIT = "arguments do not fit"


class Calling:
    """A call at its ``place`` in the answer of a ``turn``."""

    def __init__(self, walker: AgentWalker, turn: int, place: int, call: dict[str, Any]) -> None:
        self._walker, self._turn, self._place, self._call = walker, turn, place, call
        self.path = paths.call_path(turn, place)
        self._tool = walker.tools.get(call["name"])
        self.written = call["arguments"]
        self.shown_name = cleaned(call["name"])
        record = walker.journal.get(self.path)
        self.record = record or StepRecord(self.path, self.shown_name, "call", optional=True)
        self.is_bad = self.record.arguments is None and self.record.status == StepStatus.FAILED

    def result(self) -> Generator[Any, Any, Message]:
        """The message that tells the model of it."""
        self._look_up_approval()
        if not self.record.is_finished():
            yield from self._made()
            yield Breathe()
        record = self._walker.finished(self.record)
        return result(
            self._call["id"],
            self._call["name"],
            result_text(record, self.written),
            failed=record.status == StepStatus.FAILED,
        )

    def _look_up_approval(self) -> None:
        """An approval for the rest of the run holds for the calls after this one, though this one
        is answered from the journal.
        """
        record = self._walker.journal.get(paths.approval_path(self._turn, self._place))
        response = record.output if record is not None and record.is_finished() else None
        if response is not None and self._tool and response["outcome"] == asking.APPROVE_REST:
            self._walker.approved[self._tool.name] = str(response["responded_at"])

    def taint(self) -> str:
        """The name of the source that it read and that anybody may have written."""
        return taint_of(self._tool, self.written, self.record, self._walker.skills)

    def _made(self) -> Walk:
        self.record.started_at = self.record.started_at or self._walker.now()
        # A call that began before has its arguments, which a person may have edited since.
        if self.record.arguments is None:
            tool, arguments = self._tool, self._call["arguments"]
            problem = self._problem(tool, arguments)
            if problem is not None or tool is None:
                self.is_bad = True
                self._goes_back(problem or WorkflowError.standard("validation", ""))
                return
            if self._asks_first(tool):
                arguments = yield from self._approved(tool, arguments)
                if arguments is None:
                    return
            if tool.kind in OWN_TOOLS:
                self._made_here(OWN_TOOLS[tool.kind], arguments)
                return
            self._address(tool, arguments)
        yield from self._carried_out()

    def _made_here(self, tool: Callable[..., str], arguments: dict[str, Any]) -> None:
        try:
            text = tool(self._walker, arguments)
        except OwnToolFailed as failed:
            self._goes_back(failed.error)
        else:
            self._walker.finish(self.record, text)

    def _asks_first(self, tool: Offered) -> bool:
        """Whether a person says yes or no to it; where one was asked, that answer counts."""
        walker = self._walker
        path = paths.approval_path(self._turn, self._place)
        asks = tool.asks_first or bool(walker.tainted_by and tool.is_destructive)
        since = walker.approved.get(tool.name)
        if walker.journal.get(path) is not None or not asks or since is None:
            return walker.journal.get(path) is not None or asks
        return walker.surroundings.is_taken_back(tool.name, since, path)

    def _problem(self, tool: Offered | None, arguments: Any) -> WorkflowError | None:
        """Why nothing can be run; None where it can."""
        if tool is None:
            names = ", ".join(self._walker.tools) or "none"
            detail = f"There is no tool {self.shown_name}. The tools are: {names}."
            return WorkflowError.standard("validation", detail)
        if not isinstance(arguments, dict):
            return WorkflowError.standard("validation", "The arguments are no JSON object.")
        if tool.kind == "agent" and self._walker.limits.depth == 0:
            detail = "Work is not handed on from here: `limits.depth` of the run is used up."
            return WorkflowError.standard("validation", detail)
        if undeclared := sorted({*names_in(arguments)} - {*tool.secrets}):
            detail = (
                f"The tool {tool.name} is given no secret {undeclared[0]}: it declares none such."
            )
            return WorkflowError.standard("validation", detail)
        return self._misfit(tool, arguments)

    def _misfit(self, tool: Offered, arguments: dict[str, Any]) -> WorkflowError | None:
        facts = self._walker.facts
        try:
            schemas.check(
                tool.parameters,
                arguments,
                "The input of the call",
                "",
                owner=facts.owner,
                seconds=facts.expression_seconds,
                hides_values=False,
            )
        except TaskFailed as failure:
            return failure.error
        return None

    def _approved(self, tool: Offered, arguments: dict[str, Any]) -> Walk:
        """The arguments that a person lets it be called with; None where they said no."""
        walker = self._walker
        path = paths.approval_path(self._turn, self._place)
        record = walker.journal.get(path)
        if record is None:
            record = StepRecord(path, asking.title(tool.name), "call")
            record.arguments = asking.may_call(
                walker.agent.name, tool, arguments, walker.tainted_by
            )
            # The approval is for this call of this tool, as it was shown.
            record.input = {"tool": tool.digest(), "arguments": arguments}
        response = yield from walker.asked(record)
        if response["outcome"] == asking.REJECT:
            self._rejected(response)
            return None
        changed = asking.edited(tool, arguments, response["form"])
        if changed is not None:
            if (problem := self._misfit(tool, changed)) is not None:
                raise walker.failed(self.record, problem)
            ToolCall.of(self.record).edited_by = response["reviewer"]
        if response["outcome"] == asking.APPROVE_REST:
            walker.approved[tool.name] = str(response["responded_at"])
        return arguments if changed is None else changed

    def _rejected(self, response: dict[str, Any]) -> None:
        reviewer = response["reviewer"]
        words = f": {response['comment']}" if response["comment"] else "."
        sentence = (
            f"{reviewer} rejected this call{words}" if reviewer else f"It was not called{words}"
        )
        Task.of(self.record).reason = f"rejected by {reviewer}" if reviewer else "nobody answered"
        self._walker.finish(self.record, {"rejected": sentence}, StepStatus.SKIPPED)

    def _address(self, tool: Offered, arguments: dict[str, Any]) -> None:
        """The target of the call, as its arguments in the journal."""
        if tool.secrets:
            ToolCall.of(self.record).secrets = list(tool.secrets)
        if tool.kind == "person":
            self.record.arguments = asking.question(str(arguments["question"]))
        elif tool.kind == "command":
            line = {"command": str(arguments["command"])}
            self.record.arguments = {"shell": line, "return": "all", **tool.target}
        elif tool.kind == "agent":
            self.record.kind = "run"
            self.record.arguments = {
                **tool.target,
                "message": str(arguments["message"]),
                "limits": self._walker.share,
            }
            if self._walker.tainted_by:
                self.record.arguments["tainted_by"] = self._walker.tainted_by
        elif tool.kind == "workflow":
            self.record.kind = "run"
            limits = self._walker.share | {"depth": self._walker.limits.depth}
            target = {**tool.target, "version": "latest"}
            self.record.arguments = {**target, "input": arguments, "limits": limits}
        elif tool.kind == "mcp":
            server = tool.target["server"]
            before = server in self._walker.servers_called
            self.record.arguments = {
                **tool.target,
                "called_before": before,
                "arguments": arguments,
            }
        else:
            self.record.arguments = {**tool.target, "arguments": arguments}

    def _carried_out(self) -> Walk:
        record, walker = self.record, self._walker
        outcome: Done | Fail
        if record.kind == "run":
            record.generation = max(record.generation, walker.facts.run.generation)
            walker.begin(record)
            outcome = yield Spawn(record, True, None)
            if outcome.spent is not None:
                Child.of(record).spent = outcome.spent
        else:
            outcome = yield from walker.effect(record, _task(record.arguments), record.arguments)
        if isinstance(outcome, Done):
            self._gave(outcome.output)
        elif _is_its_own_error(outcome):
            self._goes_back(outcome.error, outcome.spent)
        else:
            raise walker.failed(record, outcome.error, outcome)

    def _gave(self, output: Any) -> None:
        """It is done. A result that is too long for a prompt is kept beside the step."""
        text = stored.text_of(output)
        size = len(text.encode(errors="replace"))
        if len(text) <= stored.MOST_CHARACTERS:
            self._walker.finish(self.record, output)
        elif size > stored.MOST_BYTES:
            detail = f"It gave {size:,} bytes; at most {stored.MOST_BYTES:,} of a result are kept."
            self._goes_back(WorkflowError.standard("runtime", detail))
        else:
            self._walker.keep(self.record, output, text)

    def _goes_back(self, error: WorkflowError, spent: dict[str, Any] | None = None) -> None:
        """It failed, and the model is told why; what it has ``spent`` all the same counts."""
        output = {"error": error.detail or error.title} | (spent or {})
        self._walker.finish(self.record, output, StepStatus.FAILED, error)


def _is_its_own_error(outcome: Fail) -> bool:
    """Whether the tool said so itself, or a person did. A trouble that usually passes, and did not,
    is no such error.
    """
    is_answer = outcome.answered and not outcome.transient
    return is_answer or outcome.is_final or outcome.rule == NOT_FIT


def _task(arguments: dict[str, Any]) -> AgentTask:
    if "function" in arguments:
        return FUNCTION_CALL
    if "shell" in arguments:
        return COMMAND_CALL
    return SERVER_CALL if "server" in arguments else QUESTION


def _is_answer(record: StepRecord) -> bool:
    """Whether a person was asked a question, and said something."""
    is_question = isinstance(record.arguments, dict) and "prompt" in record.arguments
    return is_question and record.status == StepStatus.SUCCEEDED


def _answer(response: dict[str, Any]) -> str:
    """A person's answer in their own words."""
    words, reviewer = response["comment"], response["reviewer"] or "Nobody"
    if response["outcome"] == asking.REJECT:
        return f"{reviewer} did not answer" + (f": {words}" if words else ".")
    answer = str((response["form"] or {}).get("answer", ""))
    return f"{answer}\n\n{words}".strip() if words else answer


def made_with(record: StepRecord, written: Any) -> Any:
    """The arguments that a call was made with; ``written`` are those that the model wrote."""
    arguments = record.arguments if isinstance(record.arguments, dict) else {}
    if "function" in arguments or "server" in arguments:
        return arguments.get("arguments")
    if "agent" in arguments:
        return {"message": arguments.get("message")}
    return arguments.get("input") if "namespace" in arguments else written


def result_text(record: StepRecord, written: Any) -> str:
    """The result as the model reads it; it is told where a person changed the arguments that it has
    ``written``.
    """
    output = record.output
    if record.status == StepStatus.FAILED:
        text = str(output["error"])
    elif isinstance(output, dict) and set(output) == {"rejected"}:
        text = str(output["rejected"])
    elif _is_answer(record):
        text = _answer(output)
    elif record.status == StepStatus.SKIPPED and output is None:
        text = "A person skipped this call; it gave nothing."
    elif (reference := stored.kept(output)) is not None:
        text = stored.excerpt(reference)
    else:
        text = stored.text_of(output)
    if len(text) > stored.MOST_CHARACTERS:
        text = f"{text[: stored.MOST_CHARACTERS]}\n[cut: {len(text):,} characters in all]"
    arguments = made_with(record, written)
    if arguments != written and record.arguments is not None:
        by = ToolCall.of(record).edited_by or "A person"
        arguments_text = json.dumps(arguments, ensure_ascii=False)
        text = f"[{by} changed the arguments of this call to {arguments_text}]\n{text}"
    return text
