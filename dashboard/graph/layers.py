"""The place of each node: a layer below the lowest that leads to it, near those in its layer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from dashboard.graph.nodes import Edge, Graph, Node

WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 190.0, 46.0, 26.0, 44.0, 16.0
# Room on both sides for edges that pass by: down on the right, back up on the left.
SIDE = 64.0


@dataclass(frozen=True, slots=True)
class Place:
    """A node's upper left corner."""

    node: Node
    x: float
    y: float

    @property
    def middle(self) -> float:
        return self.x + WIDTH / 2


@dataclass(frozen=True, slots=True)
class Line:
    """An edge as an SVG path; ``is_back`` where it leads up again."""

    edge: Edge
    path: str
    word_x: float
    word_y: float
    is_back: bool


@dataclass(frozen=True, slots=True)
class Box:
    """The frame around the nodes that a loop goes through; ``key`` is that of the loop."""

    key: str
    name: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Drawing:
    places: list[Place]
    lines: list[Line]
    width: float
    height: float
    boxes: list[Box] = field(default_factory=list)


def draw(graph: Graph) -> Drawing:
    order = {node.key: number for number, node in enumerate(graph.nodes)}
    edges = [edge for edge in graph.edges if edge.source in order and edge.target in order]
    layers = _layers(graph, order, edges)
    places = _places(graph, layers, edges, order)
    width = max(place.x for place in places.values()) + WIDTH + SIDE
    height = max(place.y for place in places.values()) + HEIGHT + MARGIN
    all_ = list(places.values())
    lines = [
        _line(edge, places[edge.source], places[edge.target], all_, at)
        for at, edge in enumerate(edges)
    ]
    return Drawing(all_, lines, width, height, _boxes(all_))


def _boxes(places: list[Place]) -> list[Box]:
    """A frame around the tasks of each loop, the outer ones first."""
    boxes = []
    for loop in (place for place in places if place.node.kind == "for"):
        inside = [place for place in places if place.node.key.startswith(f"{loop.node.key}/")]
        if not inside:
            continue
        left, top = min(place.x for place in inside), min(place.y for place in inside)
        right = max(place.x for place in inside) + WIDTH
        bottom = max(place.y for place in inside) + HEIGHT
        depth = loop.node.key.count("/")
        edge = max(4.0, 16.0 - 4 * depth)
        boxes.append(
            Box(
                loop.node.key,
                loop.node.name,
                round(left - edge, 1),
                round(top - edge, 1),
                round(right - left + 2 * edge, 1),
                round(bottom - top + 2 * edge, 1),
            )
        )
    return sorted(boxes, key=lambda box: box.key.count("/"))


def _layers(graph: Graph, order: dict[str, int], edges: list[Edge]) -> dict[str, int]:
    """The longest path to each node; edges that lead back in the text do not count, so that there
    is no circle.
    """
    into: dict[str, list[str]] = defaultdict(list)
    for edge in edges:
        if order[edge.source] < order[edge.target]:
            into[edge.target].append(edge.source)
    layers: dict[str, int] = {}
    for node in graph.nodes:
        layers[node.key] = max((layers[source] + 1 for source in into[node.key]), default=0)
    return layers


def _places(
    graph: Graph, layers: dict[str, int], edges: list[Edge], order: dict[str, int]
) -> dict[str, Place]:
    rows: dict[int, list[Node]] = defaultdict(list)
    for node in graph.nodes:
        rows[layers[node.key]].append(node)
    widest = max(len(row) for row in rows.values())
    full = widest * WIDTH + (widest - 1) * GAP_X
    placed: dict[str, Place] = {}
    for layer in sorted(rows):
        above = {
            node.key: [
                placed[edge.source].middle
                for edge in edges
                if edge.target == node.key and edge.source in placed
            ]
            for node in rows[layer]
        }
        row = sorted(
            rows[layer], key=lambda node: (_mean(above[node.key], full / 2 + SIDE), order[node.key])
        )
        used = len(row) * WIDTH + (len(row) - 1) * GAP_X
        # A lone node stands below what leads to it, so that lines cross nothing; several share the
        # middle.
        left = (
            _mean(above[row[0].key], full / 2 + SIDE) - WIDTH / 2
            if len(row) == 1
            else SIDE + (full - used) / 2
        )
        for number, node in enumerate(row):
            x = min(max(SIDE, left), SIDE + full - used) + number * (WIDTH + GAP_X)
            placed[node.key] = Place(node, round(x, 1), MARGIN + layer * (HEIGHT + GAP_Y))
    return placed


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _line(edge: Edge, source: Place, target: Place, places: Iterable[Place], number: int) -> Line:
    """Straight to the next layer; else through the gaps between layers and down (or back up) beside
    everything.
    """
    start, top, end, bottom = source.middle, source.y + HEIGHT, target.middle, target.y
    half = GAP_Y / 2
    if bottom - top == GAP_Y:
        path = (
            f"M{start:.1f} {top:.1f} C{start:.1f} {top + half:.1f} {end:.1f} {bottom - half:.1f}"
            f" {end:.1f} {bottom:.1f}"
        )
        return Line(edge, path, round(start + (end - start) * 0.7, 1), top + GAP_Y * 0.62, False)
    is_back = bottom < top
    aside = SIDE * 0.4 + number % 4 * 6
    side = (
        min(place.x for place in places) - aside
        if is_back
        else max(place.x for place in places) + WIDTH + aside
    )
    path = (
        f"M{start:.1f} {top:.1f} V{top + half:.1f} H{side:.1f} V{bottom - half:.1f} H{end:.1f}"
        f" V{bottom:.1f}"
    )
    return Line(edge, path, round((start + side) / 2, 1), top + half - 4, is_back)
