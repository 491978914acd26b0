"""Walks beside each other, as a task of any kind may have them: begun, joined, or raced.

Each branch has the context of the fork and its own exports; ``context`` says what stands after the
join. The outputs of the branches are the output of the task, in their order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from executions.errors import WorkflowError
from executions.journal.decided import Forked
from executions.journal.records import StepRecord
from executions.language.walking.context import merged
from executions.language.walking.requests import Branch, Fork, Joined, TaskFailed
from executions.language.walking.walker import END, Walk, Walker

MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class Lane:
    """A branch: its name, the part of the path that is its own, and how it is walked."""

    name: str
    segment: str
    walk: Callable[[Walker], Walk]


def together(
    walker: Walker,
    record: StepRecord,
    lanes: Sequence[Lane],
    *,
    at_once: int | None = None,
    compete: bool = False,
) -> Walk:
    """Walk the lanes beside each other below this step, which has begun."""
    decided, walkers = Forked.of(record), dict[int, Walker]()

    def begin(index: int) -> Walk:
        walkers[index] = walker.branch(_generation(walker, decided, lanes[index].segment))
        return lanes[index].walk(walkers[index])

    def branch(index: int) -> Branch:
        return Branch(f"{record.path}/{lanes[index].segment}", partial(begin, index))

    walker.journal.has_forked, decided.branches = True, len(lanes)
    places = list(range(len(lanes)))
    if compete and (name := decided.winner) is not None:
        # It was decided: the others were closed, and nobody asks them again.
        places = [place for place in places if lanes[place].name == name]
        walker.journal.pass_over(record.path)
    joined: Joined = yield Fork(record, [branch(place) for place in places], at_once, compete)
    if compete and joined.winner is not None:
        place = places[joined.winner]
        decided.winner = lanes[place].name
        walker.context = walkers[place].context
        output, flow = joined.results[joined.winner]
        return output, _end(flow)
    if joined.failures:
        raise failure_of(
            [(lanes[place].name, why) for place, why in sorted(joined.failures.items())]
        )
    after = {lane.name: walkers[place].context for place, lane in enumerate(lanes)}
    walker.context, met = merged(walker.context, after)
    if met:
        decided.conflicts = [{"key": key, "branches": names} for key, names in met.items()]
    results = [joined.results[place] for place in places]
    flow = END if any(flow == END for _, flow in results) else None
    return [output for output, _ in results], flow


def generation_in(decided: Forked, segment: str, otherwise: int) -> int:
    """The generation of operations that begin in this branch."""
    return (decided.generations or {}).get(segment, decided.generation or otherwise)


def _generation(walker: Walker, decided: Forked, segment: str) -> int:
    return generation_in(decided, segment, walker.facts.generation)


def _end(flow: str | None) -> str | None:
    return END if flow == END else None


def failure_of(failed: list[tuple[str, TaskFailed]]) -> TaskFailed:
    """The failure of a task whose branches failed: that of the one, or one that names all."""
    first = next((why for _, why in failed if why.boundary is not None), failed[0][1])
    if len(failed) == 1:
        return first
    named = [f"{name} ({why.error.detail or why.error.title})" for name, why in failed[:MOST_NAMED]]
    if len(failed) > MOST_NAMED:
        named.append(f"and {len(failed) - MOST_NAMED:,} more")
    detail = f"{len(failed):,} branches failed: {'; '.join(named)}"
    error: WorkflowError = replace(first.error, detail=detail)
    paths = list(dict.fromkeys(path for _, why in failed for path in why.paths))
    return TaskFailed(error, paths[0], first.boundary, paths=paths)
