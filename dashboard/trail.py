"""The steps of a run as its page lists them: in the order of time, with the branches of a fork and
the rounds of a loop in lists of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2s
from typing import Any

from django.utils.translation import gettext as _

from dashboard.timeline import Segment
from executions.journal.paths import unescape

DEEPEST = 4
# The step in which a workflow's `input.from` is worked out: it looks like a round, and is none.
INPUT = "/@input"


class Kind(StrEnum):
    """The groups that hold steps together."""

    BRANCH = "branch"
    LOOP = "loop"
    ROUND = "round"


@dataclass(frozen=True, slots=True)
class Group:
    """A list of its own in the page. ``path`` is that of the branch, the loop or the round."""

    kind: Kind
    path: str

    @property
    def key(self) -> str:
        """Its part of the ids in a page: paths hold what an id cannot."""
        return f"{self.kind}-{blake2s(self.path.encode(), digest_size=8).hexdigest()}"

    @property
    def base(self) -> str:
        """The path from which the depth of what stands in it is counted."""
        return self.path.rpartition("/")[0] if self.kind == Kind.BRANCH else self.path

    @property
    def name(self) -> str:
        """As people call it: a round by its number, counted from one."""
        segment = self.path.rpartition("/")[2]
        if self.kind == Kind.ROUND:
            return _("round {number}").format(number=int(segment[1:]) + 1)
        return unescape(segment)


def is_round(segment: str) -> bool:
    """Whether a part of a path is a round of a loop: ``@3``."""
    return segment.startswith("@") and segment[1:].isdecimal()


def around(path: str, forks: Collection[str]) -> list[Group]:
    """The groups in which the step at ``path`` stands, outermost first; ``forks`` are the paths of
    the steps that forked.
    """
    groups: list[Group] = []
    above = ""
    for segment in path.split("/")[1:]:
        here = f"{above}/{segment}"
        if is_round(segment):
            groups += [Group(Kind.LOOP, above), Group(Kind.ROUND, here)]
        elif above in forks:
            groups.append(Group(Kind.BRANCH, here))
        above = here
    return groups


def list_id(groups: Sequence[Group]) -> str:
    """The id of the list in which a step with these groups around it stands."""
    return f"in-{groups[-1].key}" if groups else "steps"


def depth(path: str, groups: Sequence[Group]) -> int:
    """How deep it lies below the list in which it stands, as far as a page shows it."""
    base = groups[-1].base if groups else ""
    return max(0, min(DEEPEST, path.count("/") - base.count("/") - 1))


@dataclass(slots=True)
class Node:
    """A step or a group in the list. ``said`` is what a loop or a round says of itself; ``nodes``
    are what is shown in a group.
    """

    step: Any = None
    group: Group | None = None
    depth: int = 0
    said: Any = None
    nodes: list[Node] = field(default_factory=list)
    parts: list[Segment] = field(default_factory=list)
    is_odd: bool = False

    @property
    def id(self) -> str:
        """Its id in the page."""
        return self.group.key if self.group is not None else f"step-{self.step.pk.hex}"


def tree(steps: Sequence[Any], forks: Collection[str], said: Mapping[str, Any]) -> list[Node]:
    """The steps, each in its list. ``said`` holds what is known of loops and rounds by their path;
    a loop of which no step is shown stands behind its own step all the same, folded.
    """
    root: list[Node] = []
    by_group: dict[Group, Node] = {}

    def opened(group: Group, into: list[Node]) -> list[Node]:
        if group not in by_group:
            odd = sum(each.group is not None for each in into) % 2 == 1
            by_group[group] = Node(group=group, said=said.get(group.path), is_odd=odd)
            into.append(by_group[group])
        return by_group[group].nodes

    for step in steps:
        into, groups = root, around(step.path, forks)
        for group in groups:
            into = opened(group, into)
        into.append(Node(step=step, depth=depth(step.path, groups)))
        if step.path in said and step.superseded_by_id is None:
            opened(Group(Kind.LOOP, step.path), into)
    return root
