"""The messages of a run, read from its journal: for the runs that go on from it, and for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from executions.agents import compacting, todos
from executions.agents.answering import again
from executions.agents.calling import result_text
from executions.agents.paths import (
    call_path,
    check_path,
    compaction_path,
    said_path,
    turn_path,
)
from executions.journal.records import StepRecord
from executions.mind.messages import Message, calls_of, result, text_of, user
from executions.states import StepStatus


def messages_of(message: str, records: Iterable[StepRecord]) -> list[Message]:
    """The messages of a run that began with this one, in order. A call without a result gets one
    that says so: no provider takes a call without its result.
    """
    by_path = {record.path: record for record in records}
    messages = [user(message)]
    for number, record in _turns(by_path):
        messages += [user(text) for text in _said(by_path.get(said_path(number)))]
        messages = _shortened(messages, by_path.get(compaction_path(number)))
        if record.status == StepStatus.FAILED:
            continue
        answer: Message = record.output
        messages.append(answer)
        for place, call in enumerate(calls_of(answer), start=1):
            messages.append(_result(call, by_path.get(call_path(number, place))))
        check = by_path.get(check_path(number))
        if check is not None and check.output and check.output["problems"]:
            messages.append(user(again(check.output["problems"])))
    return messages


def steps_of(records: Iterable[StepRecord], turns: int | None) -> list[StepRecord]:
    """The finished steps that hold the messages of a run, up to so many turns; None for all."""
    by_path = {record.path: record for record in records}
    steps: list[StepRecord] = []
    for number, record in _turns(by_path):
        if turns is not None and number > turns:
            break
        for path in (said_path(number), compaction_path(number)):
            before = by_path.get(path)
            steps += [before] if before is not None and before.is_finished() else []
        steps.append(record)
        for place in range(1, len(calls_of(record.output)) + 1):
            call = by_path.get(call_path(number, place))
            steps += [call] if call is not None and call.is_finished() else []
        check = by_path.get(check_path(number))
        steps += [check] if check is not None and check.is_finished() else []
    return steps


def _said(record: StepRecord | None) -> list[str]:
    """The messages that a person sent while the run worked, taken at this step."""
    is_done = record is not None and record.is_finished() and isinstance(record.output, dict)
    return [each["text"] for each in record.output["messages"]] if record and is_done else []


def _turns(by_path: dict[str, StepRecord]) -> Iterator[tuple[int, StepRecord]]:
    """The finished turns; one that found the conversation too long has said nothing."""
    number = 1
    while (record := by_path.get(turn_path(number))) and record.is_finished() and record.output:
        yield number, record
        number += 1


def _shortened(messages: list[Message], short: StepRecord | None) -> list[Message]:
    if short is None or short.status != StepStatus.SUCCEEDED:
        return messages
    items = [f"[{each['status']}] {each['text']}" for each in todos.of_messages(messages)]
    summary = compacting.summary_message(text_of(short.output), items)
    return compacting.replaced(messages, int(short.input["keeps"]), summary)


def _result(call: dict[str, Any], record: StepRecord | None) -> Message:
    if record is None or not record.is_finished() or record.output is None:
        return result(call["id"], call["name"], "This call was not made.", failed=True)
    failed = record.status == StepStatus.FAILED
    return result(call["id"], call["name"], result_text(record, call["arguments"]), failed=failed)
