"""A finished run walked again against its own journal, with no model and no tool: where would this
version of the agent, or of Stigmer, do something else?

Every answer comes from the journal. The words of a model are never compared: they may differ
each time. Compared is what it is asked, and what is done with what it said.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from executions.agents import asking, paths
from executions.agents.program import AgentProgram
from executions.agents.walking import AgentWalker, Surroundings
from executions.calls.outcome import Done, Fail
from executions.errors import WorkflowError
from executions.journal.records import StepRecord
from executions.journal.replay import Journal
from executions.language.walking.requests import (
    Completed,
    Effect,
    Failed,
    Fork,
    Joined,
    Spawn,
    TaskFailed,
)
from executions.language.walking.scope import Facts
from executions.mind.errors import TOO_LONG_RULE
from executions.states import StepStatus

MOST_DIFFERENCES = 200
LONGEST = 2_000
VALUE_BYTES = 64 * 1024 * 1024
# The parts of a call that the model did not write.
_TARGET = ("function", "server", "tool", "effect", "agent", "namespace", "name")


@dataclass(frozen=True, slots=True)
class Difference:
    """``text`` says in words what is otherwise at this step; ``before`` and ``after`` show it."""

    path: str
    text: str
    before: str = ""
    after: str = ""


@dataclass(slots=True)
class Replayed:
    """``turns`` and ``calls`` were walked again. ``is_whole``: to where the run had ended."""

    turns: int = 0
    calls: int = 0
    is_whole: bool = False
    differences: list[Difference] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class _Stop(Exception):
    """Nothing is known of what would come now."""


class Replaying:
    """One replay. ``records`` are the steps of the run, ``start`` is what it would begin with
    now.
    """

    def __init__(
        self,
        records: Sequence[StepRecord],
        program: AgentProgram,
        facts: Facts,
        start: Mapping[str, Any],
        surroundings: Callable[[Callable[[], dict[str, Any]]], Surroundings],
        *,
        is_complete: bool,
    ) -> None:
        self._recorded = {record.path: record for record in records}
        self._is_complete = is_complete
        self._now = facts.started_at
        self._found = Replayed()
        by_hand = [record for record in records if _is_by_hand(record)]
        self._journal = Journal(by_hand, head_digest="", value_bytes=VALUE_BYTES)
        replayed_surroundings = replace(
            surroundings(lambda: dict(start)),
            said=self._said,
            is_taken_back=lambda tool, since, path: path in self._recorded,
        )
        self._walker = AgentWalker(
            program, self._journal, facts, replayed_surroundings, now=self._clock
        )
        self._start = dict(start)

    def run(self, output: Any) -> Replayed:
        """Walk it; ``output`` is that of the run."""
        before = self._recorded[paths.START].output
        self._found.differences += differences_of_start(before, self._start)
        try:
            ended = self._driven(self._walker.run(None))
        except _Stop:
            ended = None
        self._compare(is_same_start=before == self._start)
        if isinstance(ended, Completed) and self._is_complete:
            self._found.is_whole = True
            self._differs("", "It would give another output.", output, ended.output)
        elif isinstance(ended, Completed):
            self._add("", "It would be completed.")
        elif isinstance(ended, Failed):
            self._found.is_whole = not self._is_complete
            if self._is_complete:
                self._add(ended.path or "", f"It would fail: {ended.error.detail}")
        self._found.differences = self._found.differences[:MOST_DIFFERENCES]
        return self._found

    def _said(self, path: str, taken: Collection[str]) -> list[dict[str, Any]]:
        """The messages that came while the run worked, from its journal."""
        recorded = self._recorded.get(path)
        output = recorded.output if recorded is not None else None
        return list(output["messages"]) if isinstance(output, dict) else []

    def _clock(self) -> datetime:
        return self._now

    def _driven(self, walk: Generator[Any, Any, Any]) -> Any:
        """The result of a walk, or of a branch of it."""
        answer: Any = None
        while True:
            try:
                request = walk.send(answer)
            except StopIteration as stop:
                return stop.value
            if isinstance(request, Effect | Spawn):
                answer = self._answer(request)
            elif isinstance(request, Fork):
                answer = self._joined(request)
            else:
                answer = None

    def _joined(self, fork: Fork) -> Joined:
        joined = Joined()
        recorded = self._recorded.get(fork.step.path)
        for place, branch in enumerate(fork.branches):
            try:
                joined.results[place] = self._driven(branch.begin())
            except TaskFailed as failure:
                joined.failures[place] = failure
        if recorded is not None:
            fork.step.started_at = recorded.started_at
            self._now = recorded.finished_at or self._now
        return joined

    def _answer(self, request: Effect | Spawn) -> Done | Fail:
        step = request.step
        recorded = self._recorded.get(step.path)
        self._count(step.path)
        if recorded is None or not recorded.is_finished():
            return self._unknown(request)
        self._differs(
            step.path,
            "It would call something else.",
            _target(recorded.arguments),
            _target(step.arguments),
        )
        # A person may have changed the arguments, or asked another model.
        step.arguments, step.control = recorded.arguments, dict(recorded.control)
        step.started_at, self._now = recorded.started_at, recorded.finished_at or self._now
        if recorded.status != StepStatus.FAILED:
            return Done(recorded.output)
        error = WorkflowError(**(recorded.error or {"type": "", "status": 500}))
        is_too_long = isinstance(recorded.output, dict) and "too_long" in recorded.output
        goes_back = recorded.output is not None and not is_too_long
        rule = TOO_LONG_RULE if is_too_long else "recorded"
        return Fail(error, transient=False, rule=rule, answered=goes_back)

    def _unknown(self, request: Effect | Spawn) -> Done | Fail:
        """The run came here never, or was broken off here."""
        path = request.step.path
        if isinstance(request, Effect) and request.call == "human":
            prompt = str(request.written.get("prompt", ""))
            self._add(path, f"It would ask a person: {prompt}"[:LONGEST])
            outcome = asking.APPROVE if "/turn/" in path else asking.GO_ON
            output = {
                "outcome": outcome,
                "form": None,
                "comment": "",
                "reviewer": "",
                "responded_at": "",
            }
            return Done(output)
        if self._is_complete or path in self._recorded:
            action = "ask the model again" if paths.turn_number(path) else "make a call"
            if path not in self._recorded:
                self._add(path, f"It would {action} here, of which the journal knows nothing.")
        raise _Stop

    def _count(self, path: str) -> None:
        self._found.turns += paths.turn_number(path) is not None
        self._found.calls += paths.call_place(path) is not None

    def _compare(self, *, is_same_start: bool) -> None:
        """Compare the steps that were walked with those that were recorded."""
        walked = self._journal.steps
        for path, step in walked.items():
            recorded = self._recorded.get(path)
            if recorded is None or path == paths.START:
                continue
            if paths.turn_number(path) is not None:
                self._compare_request(recorded, step, is_same_start=is_same_start)
            elif recorded.is_finished() and step.is_finished() and recorded.output != step.output:
                self._differs(path, "It would give something else.", recorded.output, step.output)
        for path in sorted(set(self._recorded) - set(walked), key=_order):
            if self._recorded[path].is_finished() and self._is_before_the_end(path):
                self._add(path, f"{self._recorded[path].name}: this would not happen.")

    def _compare_request(
        self, recorded: StepRecord, step: StepRecord, *, is_same_start: bool
    ) -> None:
        before, after = (
            each.input if isinstance(each.input, dict) else {} for each in (recorded, step)
        )
        name = "request" if is_same_start else "sends"
        if before.get(name) != after.get(name) or before.get("begins") != after.get("begins"):
            self._add(recorded.path, "The model would be asked with other messages.")

    def _is_before_the_end(self, path: str) -> bool:
        """Whether the walk came past it: what follows where it stopped is not compared."""
        reached = [number for each in self._journal.steps if (number := paths.turn_number(each))]
        place = paths.call_place(path)
        number = paths.turn_number(path) or (place[0] if place else 0)
        return number <= max(reached, default=0)

    def _differs(self, path: str, text: str, before: Any, after: Any) -> None:
        if before != after:
            self._add(path, text, _shown(before), _shown(after))

    def _add(self, path: str, text: str, before: str = "", after: str = "") -> None:
        self._found.differences.append(Difference(path, text, before, after))


def differences_of_start(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """The differences with which a run would begin: instructions, model, tools, skills."""
    differences = []
    if before["instructions"] != after["instructions"]:
        lines = difflib.unified_diff(
            str(before["instructions"]).splitlines(),
            str(after["instructions"]).splitlines(),
            lineterm="",
            n=1,
        )
        diff = "\n".join(line for line in lines if not line.startswith(("---", "+++")))
        differences.append(Difference(paths.START, "Other instructions.", "", diff[:LONGEST]))
    if before["model"] != after["model"]:
        models = str(before["model"]), str(after["model"])
        differences.append(Difference(paths.START, "Another model.", *models))
    for kind in ("tools", "skills"):
        old, new = (
            {each["name"]: each for each in start.get(kind, ())} for start in (before, after)
        )
        word = kind[:-1]
        for name in sorted(old.keys() | new.keys()):
            if name not in new:
                differences.append(Difference(paths.START, f"The {word} {name} is gone."))
            elif name not in old:
                differences.append(Difference(paths.START, f"The {word} {name} is new."))
            elif old[name] != new[name]:
                parts = ", ".join(key for key in new[name] if old[name].get(key) != new[name][key])
                was, now = (
                    _shown({key: each.get(key) for key in parts.split(", ")})
                    for each in (old[name], new[name])
                )
                text = f"The {word} {name} is otherwise: {parts}."
                differences.append(Difference(paths.START, text, was, now))
    return differences


def _is_by_hand(record: StepRecord) -> bool:
    """A result that a person gave in the place of a call stands as it is."""
    is_rejected = isinstance(record.output, dict) and set(record.output) == {"rejected"}
    return record.status == StepStatus.SKIPPED and not is_rejected


def _target(arguments: Any) -> dict[str, Any]:
    fields = arguments if isinstance(arguments, dict) else {}
    return {name: fields[name] for name in _TARGET if name in fields}


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)
    return text[:LONGEST]


def _order(path: str) -> tuple[int, str]:
    place = paths.call_place(path)
    return paths.turn_number(path) or (place[0] if place else 0), path
