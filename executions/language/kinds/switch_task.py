"""``switch``: the first case whose ``when`` is true says where to go on."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from executions.calls.parameters import Model
from executions.journal.decided import Switch
from executions.journal.records import StepRecord
from executions.language.checks.document import Outline, TaskPlace, entries, text
from executions.language.checks.formula import Formulae, Formulas
from executions.language.checks.report import Report
from executions.language.model import policies
from executions.language.model.entries import Named
from executions.language.model.task import Body, Edges, Pen, PureTask, Targets
from executions.language.reading.problems import Path, shown
from executions.language.walking.walker import Frame, Walk, Walker


class SwitchCase(Model):
    when: policies.Formula | None = None
    then: str = Field(
        min_length=1, description="continue, exit, end or the name of a task in this list"
    )


class NamedCase(Named):
    case: SwitchCase = Field(alias="<entry>")


class SwitchTask(PureTask):
    """The first case whose ``when`` is true says where to go on; the case without ``when`` is the
    default.
    """

    kind = "switch"

    switch: list[NamedCase] = Field(min_length=1, description="a list of cases")

    @classmethod
    def formulas(cls, task: TaskPlace, formulae: Formulae) -> Formulas:
        for path, _, case in _cases(task):
            yield from formulae.of(path, case).always("when")

    @classmethod
    def targets(cls, task: TaskPlace) -> Targets:
        for path, _, case in _cases(task):
            if then := text(case, "then"):
                yield (*path, "then"), then

    @classmethod
    def goes_on(cls, body: Body) -> bool:
        return all("when" in case for _, _, case in entries((), body.get("switch")))

    @classmethod
    def check(cls, task: TaskPlace, outline: Outline, report: Report) -> None:
        """Report a second default, and names of cases that are used twice."""
        cases = list(_cases(task))
        defaults = [path for path, _, case in cases if case and "when" not in case]
        for path in defaults[1:]:
            message = "the switch has two defaults: cases without `when`"
            report.add(path, message, "one case at most without `when`")
        seen: set[str] = set()
        for path, name, _ in cases:
            if name in seen:
                report.add(
                    path,
                    f"the case name {shown(name)} is used twice in this switch",
                    "a name of its own",
                )
            seen.add(name)

    def walk(self, walker: Walker, record: StepRecord, frame: Frame) -> Walk:
        taken = None
        for entry in self.switch:
            if entry.case.when is None:
                taken = taken or entry
            elif frame.scope.is_true(entry.case.when, record.input):
                taken = entry
                break
        decided = Switch.of(record)
        decided.case = taken.name if taken else None
        decided.flow = (taken.case.then or "continue") if taken else None
        walker.journal.begin(record)
        yield from ()
        return record.input, decided.flow

    def draw(self, key: str, pen: Pen) -> Edges:
        cases: Edges = [(key, entry.name, entry.case.then) for entry in self.switch]
        has_default = any(entry.case.when is None for entry in self.switch)
        return cases if has_default else [*cases, (key, "otherwise", None)]


def _cases(task: TaskPlace) -> Iterator[tuple[Path, str, Body]]:
    return entries((*task.path, "switch"), task.body.get("switch"))
