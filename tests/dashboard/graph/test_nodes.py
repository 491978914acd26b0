from __future__ import annotations

import pytest

from dashboard.graph.nodes import END, START, Graph, graph_of, key_of
from executions.language import parse

HEAD = "document: {dsl: '1.0.0', namespace: tests, name: drawn, version: '1.0.0'}\n"


def drawn(tasks: str) -> Graph:
    return graph_of(parse(HEAD + tasks).workflow)


def edges(graph: Graph) -> set[tuple[str, str, str]]:
    return {(edge.source, edge.target, edge.word) for edge in graph.edges}


def test_tasks_in_sequence_lead_from_start_to_end() -> None:
    graph = drawn("do: [{a: {set: {x: 1}}}, {b: {set: {x: 2}}}]")
    assert edges(graph) == {(START, "/a", ""), ("/a", "/b", ""), ("/b", END, "")}


def test_a_switch_leads_where_its_cases_say() -> None:
    graph = drawn("""
do:
  - choose: {switch: [{big: {when: '${ .big }', then: c}}, {else: {then: end}}]}
  - b: {set: {x: 1}}
  - c: {set: {x: 2}}
""")
    assert {("/choose", "/c", "big"), ("/choose", END, "else"), ("/b", "/c", "")} <= edges(graph)
    assert ("/choose", "/b", "") not in edges(graph)


def test_a_loop_and_a_guard_show_what_is_inside() -> None:
    graph = drawn("""
do:
  - loop: {for: {in: '${ .items }'}, do: [{inner: {set: {x: 1}}}]}
  - guard: {try: [{risky: {set: {x: 1}}}], catch: {do: [{tidy: {set: {x: 1}}}]}}
""")
    assert {
        ("/loop", "/loop/inner", "each"),
        ("/loop/inner", "/guard", ""),
        ("/guard", "/guard/risky", ""),
        ("/guard", "/guard/catch/tidy", "on error"),
        ("/guard/risky", END, ""),
        ("/guard/catch/tidy", END, ""),
    } <= edges(graph)


def test_then_may_lead_back() -> None:
    graph = drawn("do: [{a: {set: {x: 1}}}, {b: {set: {x: 2}, then: a}}]")
    assert ("/b", "/a", "") in edges(graph)


def test_nothing_follows_a_raised_error() -> None:
    graph = drawn("do: [{stop: {raise: {error: {type: 'https://example.org/e', status: 400}}}}]")
    assert not [edge for edge in graph.edges if edge.source == "/stop"]


@pytest.mark.parametrize(
    ("path", "key"),
    {
        "/a": "/a",
        "/a#2": "/a",
        "/loop/@3/call#2": "/loop/call",
        "/guard/try@2/charge": "/guard/charge",
        "/guard/catch@1/tidy": "/guard/catch/tidy",
        "/catch~2home": "/catch~2home",
    }.items(),
)
def test_steps_belong_to_the_node_of_their_task(path: str, key: str) -> None:
    assert key_of(path) == key
