from __future__ import annotations

from dashboard.graph.marks import marks


def test_iterations_count_as_visits_of_one_node() -> None:
    assert (
        marks([("/loop/@0/a", "SUCCEEDED"), ("/loop/@1/a", "SUCCEEDED")], frozenset())[
            "/loop/a"
        ].count
        == 2
    )


def test_an_open_visit_matters_more_than_finished_ones() -> None:
    found = marks([("/loop/@0/a", "RUNNING"), ("/loop/@1/a", "SUCCEEDED")], frozenset())
    assert found["/loop/a"].status == "RUNNING"


def test_the_innermost_open_step_is_where_the_run_is() -> None:
    found = marks([("/loop", "RUNNING"), ("/loop/@0/a", "WAITING")], frozenset())
    assert found["/loop/a"].is_here and not found["/loop"].is_here


def test_the_step_that_stopped_it_is_where_the_run_is() -> None:
    found = marks([("/a", "FAILED"), ("/b", "FAILED")], frozenset({"/b"}))
    assert found["/b"].is_here and not found["/a"].is_here
