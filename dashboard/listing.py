"""The list of steps on a run's page: which rows, in which groups, with which bars.

The steps of a group are read when someone opens it, unless it is small or where the run stopped.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dashboard import timeline, trail, words
from dashboard.queries import execution as queries
from dashboard.queries import steps as step_queries
from executions import clock
from executions.journal.paths import ancestors
from executions.language import KINDS
from executions.models import Execution, Step
from executions.states import StepStatus

_PAUSES = {"wait", "listen"}
_AROUND = {kind for kind, row in KINDS.items() if row.lists} - _PAUSES


@dataclass(slots=True)
class Listing:
    """The content of the card of the steps. ``is_sought``: a search, in no groups."""

    nodes: list[trail.Node]
    axis: timeline.Axis
    has_earlier: bool = False
    first: Step | None = None
    is_sought: bool = False
    words: str = ""
    only: str = ""
    stops: list[Step] = field(default_factory=list)


def whole(execution: Execution) -> Listing:
    """The newest steps in their groups; open where the run stopped."""
    stops = _stops(execution)
    rounds = step_queries.around_these([step.path for step in stops])
    loops = {
        loop.path: loop for path in ("", *rounds) for loop in step_queries.loops(execution.pk, path)
    }
    small = [loop.path for loop in loops.values() if loop.is_small]
    steps, has_earlier = queries.some_steps(execution.pk, ["", *rounds], small)
    said: dict[str, Any] = dict(loops)
    said |= _rounds(execution.pk, steps)
    return Listing(
        _tree(execution, steps, said),
        axis_of(execution),
        has_earlier,
        steps[0] if steps else None,
        stops=stops,
    )


def sought(execution: Execution, text: str, only: str) -> Listing:
    """The newest steps that match, each by itself."""
    steps, has_earlier = queries.matching_steps(execution.pk, text, only)
    nodes = [trail.Node(step=step) for step in steps]
    axis = axis_of(execution)
    _draw(nodes, axis)
    first = steps[0] if steps else None
    return Listing(nodes, axis, has_earlier, first, is_sought=True, words=text, only=only)


def earlier(execution: Execution, before: uuid.UUID) -> Listing:
    """The steps before those on the page."""
    loops = {loop.path: loop for loop in step_queries.loops(execution.pk)}
    small = [loop.path for loop in loops.values() if loop.is_small]
    steps, more = queries.some_steps(execution.pk, [""], small, before=before)
    said: dict[str, Any] = {**loops, **_rounds(execution.pk, steps)}
    nodes = _tree(execution, steps, said)
    return Listing(nodes, axis_of(execution), more, steps[0] if steps else None)


def inside(execution: Execution, path: str) -> list[trail.Node]:
    """The steps in one round of a loop."""
    loops = {loop.path: loop for loop in step_queries.loops(execution.pk, path)}
    small = [loop.path for loop in loops.values() if loop.is_small]
    steps, _ = queries.some_steps(execution.pk, [path], small)
    said: dict[str, Any] = {**loops, **_rounds(execution.pk, steps)}
    nodes = _tree(execution, steps, said)
    return _opened(nodes, path)


def rounds(execution: Execution, loop: str, after: int, only: str) -> tuple[list[trail.Node], bool]:
    """The next rounds of a loop, folded, and whether more follow."""
    read, has_more = step_queries.rounds(execution.pk, loop, after=after, only=only)
    nodes = [trail.Node(group=trail.Group(trail.Kind.ROUND, each.path), said=each) for each in read]
    _draw(nodes, axis_of(execution))
    return nodes, has_more


@dataclass(frozen=True, slots=True)
class Changed:
    """A row or the head of a group that changed; ``into`` is the list in which it stands."""

    node: trail.Node
    into: str


def changed(execution: Execution, steps: Sequence[Step], axis: timeline.Axis) -> list[Changed]:
    """The rows of these steps with the heads of the groups around them, each once."""
    forks = queries.forks(execution.pk)
    around = {step.pk: trail.around(step.path, forks) for step in steps}
    said = _of_groups(execution.pk, [group for groups in around.values() for group in groups])
    seen: set[trail.Group] = set()
    rows: list[Changed] = []
    for step in sorted(steps, key=lambda each: each.pk):
        groups = around[step.pk]
        for at, group in enumerate(groups):
            if group not in seen:
                seen.add(group)
                head = trail.Node(group=group, said=said.get(group.path))
                rows.append(Changed(head, trail.list_id(groups[:at])))
        row = trail.Node(step=step, depth=trail.depth(step.path, groups))
        rows.append(Changed(row, trail.list_id(groups)))
    _draw([row.node for row in rows], axis)
    return rows


def axis_of(execution: Execution) -> timeline.Axis:
    """The line on which the bars of this run are drawn."""
    end = execution.ended_at or clock.now()
    read = queries.spans(execution.pk, _AROUND | _PAUSES)
    spans = [(since, until or end) for since, until in read]
    if execution.started_at is not None:
        spans += [(execution.started_at, execution.started_at), (end, end)]
    return timeline.Axis(spans)


def _stops(execution: Execution) -> list[Step]:
    paths = queries.stopped_at(execution)
    if not paths:
        return []
    failed = queries.steps_at(execution.pk, paths, StepStatus.FAILED)
    above = {parent for step in failed for parent in ancestors(step.path)}
    return [step for step in failed if step.path not in above]


def _rounds(execution_id: uuid.UUID, steps: Sequence[Step]) -> dict[str, step_queries.Round]:
    """The figures of the rounds in which these steps stand."""
    groups = [group for step in steps for group in trail.around(step.path, ())]
    return _of_rounds(execution_id, groups)


def _of_groups(execution_id: uuid.UUID, groups: Sequence[trail.Group]) -> Mapping[str, Any]:
    said: dict[str, Any] = {}
    loops = {group.path for group in groups if group.kind == trail.Kind.LOOP}
    outer = {"".join(step_queries.around_these([path])[-1:]) for path in loops}
    for path in outer:
        said |= {loop.path: loop for loop in step_queries.loops(execution_id, path)}
    return said | _of_rounds(execution_id, groups)


def _of_rounds(
    execution_id: uuid.UUID, groups: Sequence[trail.Group]
) -> dict[str, step_queries.Round]:
    numbers: dict[str, set[int]] = {}
    for group in groups:
        if group.kind == trail.Kind.ROUND:
            loop, _, number = group.path.rpartition("/@")
            numbers.setdefault(loop, set()).add(int(number))
    said: dict[str, step_queries.Round] = {}
    for loop, wanted in numbers.items():
        read, _ = step_queries.rounds(execution_id, loop, numbers=wanted)
        said |= {each.path: each for each in read}
    return said


def _tree(execution: Execution, steps: Sequence[Step], said: Mapping[str, Any]) -> list[trail.Node]:
    nodes = trail.tree(steps, queries.forks(execution.pk), said)
    _draw(nodes, axis_of(execution))
    return nodes


def _opened(nodes: list[trail.Node], path: str) -> list[trail.Node]:
    """The nodes of the round at ``path``, out of the groups around it."""
    for node in nodes:
        if node.group is not None:
            if node.group.path == path and node.group.kind == trail.Kind.ROUND:
                return node.nodes
            if inner := _opened(node.nodes, path):
                return inner
    return []


def _draw(nodes: Sequence[trail.Node], axis: timeline.Axis) -> None:
    for node in nodes:
        if node.step is not None:
            attempts = [] if node.step.is_decision() else list(node.step.attempts.all())
            node.parts = (
                []
                if node.step.is_decision()
                else timeline.parts(axis, node.step, attempts, _look(node.step))
            )
        elif node.said is not None and node.said.started_at is not None:
            since: datetime = node.said.started_at
            until = None if node.said.open else node.said.finished_at
            look = "bad" if node.said.failed else "busy" if node.said.open else "good"
            node.parts = [axis.segment(since, until, look)]
        _draw(node.nodes, axis)


def _look(step: Step) -> str:
    if step.kind in _PAUSES or step.status in (StepStatus.WAITING, StepStatus.RETRYING):
        return "pause"
    if step.kind in _AROUND:
        return f"around {words.status_look(step.status).tone}"
    return str(words.status_look(step.status).tone)
