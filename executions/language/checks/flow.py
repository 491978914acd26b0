"""The flow of tasks: names, targets of ``then``, and tasks that nothing leads to."""

from __future__ import annotations

from collections.abc import Iterator

from executions.language.checks.document import Outline, TaskList, TaskPlace, text
from executions.language.checks.report import Report
from executions.language.model.task import rows_of
from executions.language.reading.problems import Path, did_you_mean, shown

DIRECTIVES = ("continue", "exit", "end")


def check_flow(outline: Outline, report: Report) -> None:
    """Report names used twice and targets that do not exist; warn of the unreachable."""
    everywhere = {task.name for tasks in outline.lists for task in tasks.tasks}
    for tasks in outline.lists:
        names = set() if tasks.are_branches else {task.name for task in tasks.tasks}
        _check_names(tasks, report)
        for task in tasks.tasks:
            for path, target in _targets(task):
                if target not in DIRECTIVES and target not in names and not report.is_full:
                    _report_target(path, target, tasks, everywhere, report)
        if not tasks.are_branches:
            _warn_unreachable(tasks, report)
    for function in outline.functions:
        for path, target in _targets(function):
            if target not in DIRECTIVES:
                report.add(
                    path, f"a function cannot go on at {shown(target)}", "continue, exit or end"
                )


def _check_names(tasks: TaskList, report: Report) -> None:
    seen: set[str] = set()
    for task in tasks.tasks:
        if task.name in DIRECTIVES:
            report.add(
                task.path,
                f"a task cannot be named {shown(task.name)}: `then` could not tell it",
                "another name",
            )
        if task.name in seen:
            report.add(
                task.path,
                f"the task name {shown(task.name)} is used twice in this list",
                "a name of its own",
            )
        seen.add(task.name)


def _targets(task: TaskPlace) -> Iterator[tuple[Path, str]]:
    then = text(task.body, "then")
    if then:
        yield (*task.path, "then"), then
    for kind in rows_of(task.body):
        yield from kind.targets(task)


def _report_target(
    path: Path, target: str, tasks: TaskList, everywhere: set[str], report: Report
) -> None:
    names = {task.name for task in tasks.tasks}
    if tasks.are_branches and target in names:
        report.add(
            path,
            f"a branch cannot go on at {shown(target)}: it runs beside it",
            "continue, exit or end",
        )
        return
    message = f"there is no task {shown(target)} in this list"
    if target in everywhere:
        message += "; one of that name stands in another list, but `then` reaches only its own"
    report.add(
        path,
        message,
        "continue, exit, end or a task of this list",
        did_you_mean(target, [*names, *DIRECTIVES]),
    )


def _warn_unreachable(tasks: TaskList, report: Report) -> None:
    index_of = {task.name: index for index, task in reversed(list(enumerate(tasks.tasks)))}
    reached: set[int] = set()
    pending = [0]
    while pending:
        index = pending.pop()
        if index not in reached and index < len(tasks.tasks):
            reached.add(index)
            pending += _successors(index, tasks.tasks[index], index_of)
    for index, task in enumerate(tasks.tasks):
        if index not in reached:
            report.warn(task.path, f"nothing leads to the task {shown(task.name)}: it never runs")


def _successors(index: int, task: TaskPlace, index_of: dict[str, int]) -> Iterator[int]:
    """Tasks that can follow; one that does not exist counts as the next, so that a typing error
    warns of nothing.
    """
    targets = [target for _, target in _targets(task)]
    goes_on = not text(task.body, "then") and all(
        kind.goes_on(task.body) for kind in rows_of(task.body)
    )
    metadata = task.body.get("metadata")
    # An optional task that failed may be skipped by a person; the run goes on then.
    may_be_skipped = isinstance(metadata, dict) and metadata.get("optional") is True
    if goes_on or may_be_skipped or "if" in task.body:
        yield index + 1
    for target in targets:
        if target not in ("exit", "end"):
            yield index_of.get(target, index + 1)
