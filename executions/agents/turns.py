"""The turns of a run: what the model is asked, what it said, whether that is the data that is
wanted, and what is told in short where the conversation grows too long.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog

from executions.agents import answering, compacting, paths
from executions.agents.conversation import Conversation
from executions.agents.going_on import GoingOn
from executions.agents.program import TURN
from executions.agents.stepping import Stepping, Walk
from executions.agents.tools import Offered
from executions.calls.outcome import Fail
from executions.errors import WorkflowError
from executions.journal.records import StepRecord
from executions.language.agent import AgentDocument
from executions.language.walking.requests import Breathe
from executions.mind.errors import TOO_LONG_RULE
from executions.mind.messages import Message, text_of, user
from executions.schemas import SchemaError
from executions.states import StepStatus

log = structlog.get_logger(__name__)
COMPACTION_FORMAT = 1


class Turns:
    """Asks the ``model`` in the conversation of one run."""

    def __init__(
        self,
        stepping: Stepping,
        agent: AgentDocument,
        going_on: GoingOn,
        conversation: Conversation,
        *,
        model: str,
        instructions: str,
        tools: dict[str, Offered],
    ) -> None:
        self._stepping, self._agent, self._going_on = stepping, agent, going_on
        self._conversation, self._model, self._tools = conversation, model, tools
        output_instructions = (
            "" if agent.output is None else answering.instructions(agent.output.schema_)
        )
        self._instructions = instructions + output_instructions
        self._wrong_in_a_row = 0
        self._is_full = self._was_compacted = False

    def ask(self, number: int) -> Walk:
        """The model's message: from the journal, or asked for. None where the conversation was too
        long for it: the next turn asks again, with less.
        """
        stepping, conversation = self._stepping, self._conversation
        path, recipe = paths.turn_path(number), conversation.recipe()
        record = stepping.journal.get(path)
        if record is None:
            record = StepRecord(path, f"Turn {number}", "call", input=recipe)
            record.arguments = {"model": self._model}
        elif record.input["request"] != recipe["request"]:
            log.warning("a request is not rebuilt as it was sent", path=path)
        if not record.is_finished():
            written = {
                "instructions": self._instructions,
                "messages": conversation.messages,
                "tools": [_told(tool) for tool in self._tools.values()],
            }
            outcome = yield from stepping.effect(record, TURN, written)
            if isinstance(outcome, Fail) and not self._may_be_shortened(outcome):
                raise stepping.failed(record, outcome.error, outcome)
            if isinstance(outcome, Fail):
                output = {"too_long": outcome.error.detail}
                stepping.finish(record, output, StepStatus.FAILED, outcome.error)
            else:
                stepping.finish(record, outcome.output)
            yield Breathe()
        message: Message = stepping.finished(record).output
        # A turn that was asked of another model: it is that one's conversation from now on.
        self._model = str(record.arguments["model"])
        self._going_on.spent.took_turn(record)
        self._was_compacted = False
        if record.status == StepStatus.FAILED:
            self._is_full = True
            return None
        conversation.add(path, message)
        self._going_on.spent.says(conversation.tokens(), conversation.cost())
        self._is_full = conversation.fills(compacting.FULL)
        return message

    def compact(self, number: int, open_items: Sequence[str]) -> Walk:
        """Before a turn: tell older messages in short where the conversation has grown too long."""
        if not self._is_full or not compacting.can_be_told_in_short(self._conversation.messages):
            return
        stepping, messages = self._stepping, self._conversation.messages
        path = paths.compaction_path(number)
        record = stepping.journal.get(path)
        if record is None:
            recipe = {"format": COMPACTION_FORMAT, "keeps": compacting.kept(messages)}
            record = StepRecord(path, f"In short, before turn {number}", "call", input=recipe)
            record.arguments = {"model": self._model}
        keeps = int(record.input["keeps"])
        if not record.is_finished():
            older = messages[: len(messages) - keeps]
            written = {
                "instructions": compacting.INSTRUCTIONS,
                "messages": compacting.asked(older),
                "tools": [],
            }
            outcome = yield from stepping.effect(record, TURN, written)
            if isinstance(outcome, Fail):
                raise stepping.failed(record, outcome.error, outcome)
            stepping.finish(record, outcome.output)
            yield Breathe()
        message: Message = stepping.finished(record).output
        self._model = str(record.arguments["model"])
        before = compacting.size(messages)
        summary = compacting.summary_message(text_of(message), open_items)
        self._conversation.shorten(path, message, summary, keeps)
        self._going_on.spent.took(record)
        self._going_on.spent.says(self._conversation.tokens(), self._conversation.cost())
        self._is_full, self._was_compacted = False, True
        after = compacting.size(self._conversation.messages)
        if after > before / 2:
            reason = (
                f"The conversation was told in short, from {before:,} to {after:,} characters,"
                " which is not half of it."
            )
            yield from self._going_on.ask("compact", number, f"{reason} Shall it go on?", reason)

    def _may_be_shortened(self, outcome: Fail) -> bool:
        """Once: what is too long just after it was told in short stays so."""
        return (
            outcome.rule == TOO_LONG_RULE
            and not self._was_compacted
            and compacting.can_be_told_in_short(self._conversation.messages)
        )

    def check(self, turn: int, message: Message) -> Walk:
        """The problems of a last answer that has to be data. After several wrong ones in a row a
        person is asked whether the run shall go on.
        """
        if self._agent.output is None:
            return []
        stepping, path = self._stepping, paths.check_path(turn)
        record = stepping.journal.get(path)
        if record is None or not record.is_finished():
            now = stepping.now()
            record = record or StepRecord(path, f"Answer {turn}", "input", started_at=now)
            wrong = self._wrong_with(record, self._agent.output.schema_, text_of(message))
            stepping.finish(record, {"problems": wrong})
            yield Breathe()
        problems: list[str] = stepping.finished(record).output["problems"]
        self._wrong_in_a_row += bool(problems)
        if problems and self._wrong_in_a_row == answering.MOST_IN_A_ROW:
            self._wrong_in_a_row = 0
            most = answering.MOST_IN_A_ROW
            reason = f"{most} answers in a row did not fit the schema of the output."
            reason = f"{reason} The last: {problems[0]}."
            yield from self._going_on.ask("answers", turn, f"{reason} Shall it try again?", reason)
        if problems:
            self._conversation.add(path, user(answering.again(problems)))
        return problems

    def made_calls(self) -> None:
        """It answered with calls: that is no answer that does not fit."""
        self._wrong_in_a_row = 0

    def _wrong_with(self, record: StepRecord, schema: dict[str, Any], text: str) -> list[str]:
        facts = self._stepping.facts
        owner, seconds = facts.owner, facts.expression_seconds
        try:
            return answering.problems(schema, text, owner=owner, seconds=seconds)
        except SchemaError as problem:
            detail = f"The answer could not be checked: {problem}"
            error = WorkflowError.standard("validation", detail)
            raise self._stepping.failed(record, error) from problem


def _told(tool: Offered) -> dict[str, Any]:
    """The description of a tool for the model."""
    return {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
    }
