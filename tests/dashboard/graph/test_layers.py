from __future__ import annotations

from itertools import combinations, pairwise

from dashboard.graph.layers import HEIGHT, WIDTH, draw
from dashboard.graph.nodes import Edge, Graph, Node


def graph(names: str, *edges: str) -> Graph:
    return Graph([Node(name, name, "set") for name in names], [Edge(*edge) for edge in edges])


def test_a_node_stands_below_everything_that_leads_to_it() -> None:
    drawing = draw(graph("abcd", "ab", "bc", "ac", "cd", "ad"))
    heights = {place.node.key: place.y for place in drawing.places}
    assert all(heights[upper] < heights[lower] for upper, lower in pairwise("abcd"))


def test_no_two_nodes_overlap() -> None:
    drawing = draw(
        graph("abcdefgh", "ab", "ac", "ad", "ae", "bf", "cf", "dg", "eg", "fh", "gh", "ah")
    )
    for one, other in combinations(drawing.places, 2):
        assert abs(one.x - other.x) >= WIDTH or abs(one.y - other.y) >= HEIGHT


def test_everything_lies_inside_the_drawing() -> None:
    drawing = draw(graph("abcd", "ab", "ac", "bd", "cd", "da"))
    for place in drawing.places:
        assert 0 <= place.x <= drawing.width - WIDTH and 0 <= place.y <= drawing.height - HEIGHT


def test_an_edge_back_up_is_marked_and_moves_nobody() -> None:
    drawing = draw(graph("ab", "ab", "ba"))
    assert [line.is_back for line in drawing.lines] == [False, True]


def test_the_same_graph_is_drawn_the_same() -> None:
    assert draw(graph("abc", "ab", "ac")) == draw(graph("abc", "ab", "ac"))
