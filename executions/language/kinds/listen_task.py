"""``listen``: events that are waited for, across restarts.

Which events the step took is recorded with the step, in the order in which it took them. Its output
is a list of them; with ``foreach`` a list of the results of each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from executions.calls.kind import Effect
from executions.calls.parameters import Model
from executions.correlation import filters
from executions.journal.records import StepRecord
from executions.language.checks.document import Keys, Outline, TaskPlace, at, text
from executions.language.checks.formula import Formulae, Formulas, stored
from executions.language.checks.report import Report
from executions.language.model.events import EventFilter, ForeachEvent, To, check_attributes
from executions.language.model.task import Blocks, Body, Edges, Pen, TaskBase
from executions.language.walking.hearing import Hearing
from executions.language.walking.requests import Take
from executions.language.walking.walker import END, Frame, Walk, Walker

_PLACES: tuple[Keys, ...] = (("to",), ("to", "until"))


class Listener(Model):
    """The events that are listened to, and how they are read."""

    to: To = Field(description="an object with `one`, `any` or `all`")
    read: Literal["data", "envelope", "raw"] = Field("data", description="data, envelope or raw")


class ListenTask(TaskBase):
    """Events that are waited for."""

    kind = "listen"
    lists = (("foreach", "do"),)
    parts = (("@", ""),)

    listen: Listener = Field(description="an object with `to`")
    foreach: ForeachEvent | None = None

    @classmethod
    def variables(cls, body: Body, keys: Keys) -> frozenset[str]:
        if "foreach" not in body:
            return frozenset()
        item = text(body, "foreach", "item") or "item"
        return frozenset({item, text(body, "foreach", "at") or "index"})

    @classmethod
    def formulas(cls, task: TaskPlace, formulae: Formulae) -> Formulas:
        for keys, event_filter in _filters_of(task.body):
            yield from stored(formulae.template(*keys, "with"))
            rules = event_filter.get("correlate")
            for name in rules if isinstance(rules, dict) else ():
                yield from stored(formulae.always(*keys, "correlate", name, "from"))
                yield from stored(formulae.template(*keys, "correlate", name, "expect"))
        yield from formulae.always("listen", "to", "until")
        more = cls.variables(task.body, ("foreach", "do"))
        each = at(task.body, "foreach")
        if isinstance(each, dict):
            inner = formulae.of((*task.path, "foreach"), each)
            for formula in (*inner.transform("output", "as"), *inner.transform("export", "as")):
                variables = formula.variables | more | {"output"}
                yield formula._replace(stored=True, variables=variables)

    @classmethod
    def check(cls, task: TaskPlace, outline: Outline, report: Report) -> None:
        for keys, event_filter in _filters_of(task.body):
            place = (*task.path, *keys, "with")
            check_attributes(place, event_filter.get("with"), report, own=True)

    def effect(self, arguments: Any) -> Effect:
        return "idempotent"

    def blocks(self, workflow: Any) -> Blocks:
        return {"@": self.foreach.do} if self.foreach and self.foreach.do else {}

    def next_round(self, record: StepRecord, number: int) -> str | None:
        return ""

    def draw(self, key: str, pen: Pen) -> Edges:
        if self.foreach is None or not self.foreach.do:
            return [(key, "", None)]
        return pen.block(self.foreach.do, key, [(key, "each", None)])

    def walk(self, walker: Walker, record: StepRecord, frame: Frame) -> Walk:
        if record.arguments is None:
            walker.check_limits(frame, frame.path)
            record.arguments = self._arguments(record, frame)
        walker.journal.begin(record)
        hearing = Hearing(self.listen.to, self.listen.read, self.foreach, walker, record, frame)
        flow = yield from hearing.recall()
        while flow != END and not hearing.is_enough():
            flow = yield from hearing.hear()
        if self.foreach is not None:
            yield Take(record, (), (), True)
        return hearing.outputs, flow if flow == END else None

    def _arguments(self, record: StepRecord, frame: Frame) -> dict[str, Any]:
        to = self.listen.to
        arguments = {"filters": [_closed(each, record, frame) for each in to.filters()]}
        # An empty `any`: whatever comes.
        arguments["filters"] = arguments["filters"] or [filters.closed({}, {}, frame.scope, None)]
        if to.until is not None and not isinstance(to.until, str):
            until = [_closed(each, record, frame) for each in to.until.filters()]
            arguments["until"] = until or [filters.closed({}, {}, frame.scope, None)]
        return arguments


def _closed(event_filter: EventFilter, record: StepRecord, frame: Frame) -> filters.Filter:
    correlate = {
        name: rule.model_dump(by_alias=True, exclude_none=True)
        for name, rule in event_filter.correlate.items()
    }
    return filters.closed(event_filter.with_, correlate, frame.scope, record.input)


def _filters_of(body: Body) -> list[tuple[Keys, Mapping[str, Any]]]:
    """Every filter of a task that may be full of mistakes, with the keys at which it stands."""
    candidates: list[tuple[Any, Any]] = []
    for place in _PLACES:
        keys = ("listen", *place)
        candidates.append(((*keys, "one"), at(body, *keys, "one")))
        for name in ("any", "all"):
            several = at(body, *keys, name)
            if isinstance(several, list):
                candidates += [((*keys, name, n), each) for n, each in enumerate(several)]
    return [(keys, each) for keys, each in candidates if isinstance(each, dict)]
