"""Hearing: the walk of one step over the events that it takes, pure as every walk."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import Any

from executions.correlation import filters
from executions.correlation.envelope import read_as
from executions.errors import WorkflowError
from executions.journal.decided import Listening
from executions.journal.paths import iteration_path
from executions.journal.records import StepRecord
from executions.language.model.events import ForeachEvent, To
from executions.language.walking.requests import Heard, Listen, Recall, Take, TaskFailed
from executions.language.walking.walker import END, Flow, Frame, Walker, breathe
from executions.states import StepStatus

# So many events one step can take: which they are is kept with it.
MOST_HEARD = 2_000


@dataclass(slots=True)
class Hearing:
    """One walk over the events of a step: ``to`` is what it waits for, ``read`` how an event is
    read, ``foreach`` what is done with each.

    ``outputs`` is what the step has come to, ``filled`` are the filters that an event has fitted,
    ``left`` is what was offered and not looked at, ``passed`` what was passed over.
    """

    to: To
    read: str
    foreach: ForeachEvent | None
    walker: Walker
    record: StepRecord
    frame: Frame
    outputs: list[Any] = field(default_factory=list)
    filled: set[int] = field(default_factory=set)
    left: list[Heard] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)

    def recall(self) -> Generator[Any, Any, Flow]:
        """Go over what was taken before this walk."""
        taken = [(event, number) for event, number in self._known()]
        if taken and not Listening.of(self.record).looked:
            # It stands in the place of another step, which took them.
            yield Take(self.record, [event for event, _ in taken], (), False)
        wanted = [event for event, _ in taken] if self.foreach is None else []
        bodies = dict(
            zip(wanted, (yield Recall(self.record, wanted)) if wanted else (), strict=True)
        )
        flow: Flow = None
        for event, number in taken:
            self.filled.add(number)
            if self._is_until(number):
                continue
            if self.foreach is not None:
                flow = yield from self._iterate(self.foreach)
                if flow == END:
                    break
            else:
                self.outputs.append(self._read(bodies[event]))
        return flow

    def hear(self) -> Generator[Any, Any, Flow]:
        """Wait for an event, and do with it what is to be done."""
        if len(self._known()) >= MOST_HEARD:
            detail = f"A step can take {MOST_HEARD:,} events; this one has taken so many."
            raise self._failed("runtime", detail)
        if not self.left:
            yield from self._listen()
        heard = self.left.pop(0)
        number = self._number_for(heard)
        if number is None:
            self.passed.append(heard.event)
            yield Take(self.record, (), (heard.event,), False)
            yield from breathe()
            return None
        decided = Listening.of(self.record)
        if heard.fits[str(number)]:
            decided.bound = {**heard.fits[str(number)], **(decided.bound or {})}
        decided.heard = [*self._known(), [heard.event, number]]
        self.filled.add(number)
        foreach, is_until = self.foreach, self._is_until(number)
        if foreach is not None and not is_until:
            # Kept while its tasks run: whoever goes on with them sees the same.
            decided.item = self._read(heard.envelope)
        if foreach is None and not is_until:
            self.outputs.append(self._read(heard.envelope))
        is_over = foreach is None and self.is_enough()
        yield Take(self.record, (heard.event,), (), is_over)
        if foreach is not None and not is_until:
            return (yield from self._iterate(foreach))
        yield from breathe()
        return None

    def is_enough(self) -> bool:
        """Whether what it waits for has come."""
        to = self.to
        if to.all is not None:
            return set(range(self._count())) <= self.filled
        if to.until is None:
            return bool(self.outputs)
        if isinstance(to.until, str):
            scope = self.frame.scope.including(context=self.walker.context)
            return bool(self.outputs) and scope.is_true(to.until, self.outputs)
        ends = {number for number in self.filled if self._is_until(number)}
        return len(ends) == len(to.until.all) if to.until.all else bool(ends)

    def _listen(self) -> Generator[Any, Any, None]:
        to = self.to
        arguments, limit = self.record.arguments, self.frame.nearest_limit()
        while not self.left:
            self.left = list(
                (
                    yield Listen(
                        self.record,
                        [*arguments["filters"], *arguments.get("until", ())],
                        [event for event, _ in self._known()],
                        self.passed,
                        to.one is not None or (to.any is not None and to.until is None),
                        limit.at if limit else None,
                    )
                )
            )
            if not self.left:
                self.walker.check_limits(self.frame, self.record.path)

    def _number_for(self, heard: Heard) -> int | None:
        """Which filter the event counts for; None where it is for none of them now."""
        bound = Listening.of(self.record).bound or {}
        fitting = [
            int(number)
            for number, keys in heard.fits.items()
            if all(filters.is_same(bound.get(name, value), value) for name, value in keys.items())
        ]
        # The end of listening comes first.
        for number in sorted(fitting, key=lambda number: (not self._is_until(number), number)):
            if self._is_until(number) or not self.to.all or number not in self.filled:
                return number
        return None

    def _iterate(self, foreach: ForeachEvent) -> Generator[Any, Any, Flow]:
        """Does what is to be done with one event: from the journal, where it is done already."""
        walker, index = self.walker, len(self.outputs)
        path = iteration_path(self.record.path, index)
        done = walker.journal.get(path)
        if done is not None:
            walker.journal.answer_from(done)
            if done.context is not None:
                walker.context = done.context["value"]
            self.outputs.append(done.output)
            return None
        item, before = Listening.of(self.record).item, walker.context
        record = StepRecord(path, f"@{index}", "iteration", input=item, started_at=walker.now())
        scope = self.frame.scope.including(
            **{foreach.item: item, foreach.at: index, "context": walker.context, "input": item}
        )
        output, flow = item, None
        if foreach.do:
            pointer = f"{self.frame.pointer}/foreach/do"
            inner = replace(self.frame, path=path, pointer=pointer, scope=scope)
            output, flow = yield from walker.task_list(foreach.do, inner, item)
        scope = scope.including(context=walker.context, output=output)
        if foreach.output is not None and foreach.output.as_ is not None:
            output = scope.transform(foreach.output.as_, output)
        if foreach.export is not None and foreach.export.as_ is not None:
            walker.context = scope.including(output=output).transform(foreach.export.as_, output)
        self.outputs.append(output)
        if flow == END:
            return END
        record.output = output
        if walker.context is not before:
            record.context = {"value": walker.context}
        walker.journal.begin(record)
        walker.journal.finish(record, StepStatus.SUCCEEDED, walker.now())
        yield from breathe()
        return None

    def _read(self, envelope: dict[str, Any] | None) -> Any:
        if envelope is None:
            raise self._failed("runtime", "An event that this step took is not kept any longer.")
        return read_as(envelope, self.read)

    def _failed(self, kind: str, detail: str) -> TaskFailed:
        error = WorkflowError.standard(kind, detail, instance=self.frame.pointer)
        return TaskFailed(error, self.record.path)

    def _known(self) -> list[list[Any]]:
        return Listening.of(self.record).heard or []

    def _count(self) -> int:
        return len(self.record.arguments["filters"])

    def _is_until(self, number: int) -> bool:
        return number >= self._count()
