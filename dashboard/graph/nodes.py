"""From a definition to nodes and edges. A node's key is its task's path without iterations, tries and visits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from executions.journal.paths import escape
from executions.language import KINDS, NamedTask, Task, Workflow
from executions.language.model.task import Loose

START, END = "start", "end"
_COUNTED = re.compile(r"/(\w*@)\d+|#\d+")
_PARTS = {part: shown and f"/{shown}" for kind in KINDS.values() for part, shown in kind.parts}


@dataclass(frozen=True, slots=True)
class Node:
    key: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Edge:
    """``word`` says when it is taken, where that is not always."""

    source: str
    target: str
    word: str = ""


@dataclass(slots=True)
class Graph:
    """Nodes stand in the order of the text, Start first and End last."""

    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)


def key_of(step_path: str) -> str:
    """The node of a step: ``/loop/@3/call#2`` belongs to ``/loop/call``, ``/guard/catch@1/tidy`` to its catch."""
    return _COUNTED.sub(lambda counted: _PARTS.get(counted[1], ""), step_path)


def graph_of(workflow: Workflow) -> Graph:
    drawing = _Drawing()
    drawing.add(START, "Start", START)
    left = drawing.block(workflow.do, "", [(START, "")])
    drawing.join(left + drawing.ends, END)
    drawing.add(END, "End", END)
    return drawing.graph


class _Drawing:
    def __init__(self) -> None:
        self.graph = Graph()
        self.ends: Loose = []

    def add(self, key: str, name: str, kind: str) -> None:
        self.graph.nodes.append(Node(key, name, kind))

    def join(self, loose: Loose, target: str) -> None:
        for source, word in loose:
            edge = Edge(source, target, word)
            if edge not in self.graph.edges:
                self.graph.edges.append(edge)

    def block(self, tasks: Sequence[NamedTask], prefix: str, before: Loose) -> Loose:
        """Draw the tasks of one list; the answer is what leads out of it."""
        jumps: list[tuple[str, str, str]] = []
        left: Loose = []
        loose = before
        for named in tasks:
            key = f"{prefix}/{escape(named.name)}"
            self.add(key, named.name, named.task.kind)
            self.join(loose, key)
            loose = []
            for source, word, then in self._outs(named.task, key):
                if then == "continue":
                    loose.append((source, word))
                elif then == "exit":
                    left.append((source, word))
                elif then == "end":
                    self.ends.append((source, word))
                else:
                    jumps.append((source, word, then))
        for source, word, then in jumps:
            self.join([(source, word)], f"{prefix}/{escape(then)}")
        return left + loose

    def _outs(self, task: Task, key: str) -> list[tuple[str, str, str]]:
        """What leads out of a task: from which node, when, and where to (the DSL's ``then``)."""
        loose = task.draw(key, self)
        ways = [(key, word, then) for word, then in task.ways()]
        return ways + [(source, word, task.then or "continue") for source, word in loose]
