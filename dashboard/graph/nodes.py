"""From a definition to nodes and edges.

A node's key is its task's path without iterations, tries and visits.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.utils.translation import pgettext

from executions.journal.paths import escape
from executions.language import KINDS, NamedTask, Workflow
from executions.language.model.task import Edges

START, END = "start", "end"
# The words of kinds on edges; any other word is a name that somebody gave.
_WORDS = frozenset({N_("each"), N_("on error"), N_("otherwise")})
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
    """The node of a step: ``/loop/@3/call#2`` belongs to ``/loop/call``, ``/guard/catch@1/tidy`` to
    its catch.
    """
    return _COUNTED.sub(lambda counted: _PARTS.get(counted[1], ""), step_path)


def graph_of(workflow: Workflow) -> Graph:
    drawing = _Drawing()
    drawing.add(START, pgettext("graph", "Start"), START)
    left = drawing.block(workflow.do, "", [(START, "", None)])
    drawing.join(left + drawing.ends, END)
    drawing.add(END, _("End"), END)
    return drawing.graph


class _Drawing:
    def __init__(self) -> None:
        self.graph = Graph()
        self.ends: Edges = []

    def add(self, key: str, name: str, kind: str) -> None:
        self.graph.nodes.append(Node(key, name, kind))

    def join(self, loose: Edges, target: str) -> None:
        for source, word, _then in loose:
            edge = Edge(source, target, _(word) if word in _WORDS else word)
            if edge not in self.graph.edges:
                self.graph.edges.append(edge)

    def block(self, tasks: Sequence[NamedTask], prefix: str, before: Edges) -> Edges:
        """Draw the tasks of one list; the answer is what leads out of it."""
        jumps: list[tuple[Edges, str]] = []
        left: Edges = []
        loose = before
        for named in tasks:
            key = f"{prefix}/{escape(named.name)}"
            self.add(key, named.name, named.task.kind)
            self.join(loose, key)
            loose = []
            for source, word, then in named.task.draw(key, self):
                out: Edges = [(source, word, None)]
                match then or named.task.then or "continue":
                    case "continue":
                        loose += out
                    case "exit":
                        left += out
                    case "end":
                        self.ends += out
                    case target:
                        jumps.append((out, f"{prefix}/{escape(target)}"))
        for out, target in jumps:
            self.join(out, target)
        return left + loose
