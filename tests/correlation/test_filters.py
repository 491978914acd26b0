"""Filters are closed over their run, and an event is asked once for all of one shape."""

from __future__ import annotations

from typing import Any

import pytest

from executions.correlation import filters
from executions.errors import ExpressionError
from executions.language.walking.scope import Scope

EVENT = {
    "specversion": "1.0",
    "type": "order",
    "source": "/shop",
    "id": "1",
    "subject": "s-7",
    "data": {"id": 7, "deep": {"a": [1]}, "n": 1.0},
}


def closed(with_: dict[str, Any], correlate: Any = None, value: Any = None) -> filters.Filter:
    scope = Scope({"context": {"id": 7, "limit": 0}, "workflow": {"input": {"x": 1}}})
    return filters.closed(with_, correlate or {}, scope, value)


def fits(wanted: filters.Filter) -> bool:
    found = filters.fit(wanted, EVENT)
    return found is not None and found.expected == filters.expects(wanted)


@pytest.mark.parametrize(
    ("with_", "expected"),
    [
        ({"type": "order"}, True),
        ({"type": "other"}, False),
        ({"source": "/shop", "subject": "s-7"}, True),
        ({"subject": '${ "s-\\(7)" }'}, True),
        ({"subject": '${ startswith("s-") }'}, True),
        ({"subject": "${ false }"}, False),
        ({"nosuch": '${ . == "x" }'}, False),
        ({"data": {"id": 7}}, True),
        ({"data": {"id": "7"}}, False),
        ({"data": {"n": 1}}, True),
        ({"data": {"deep": {"a": [1]}}}, True),
        ({"data": {"deep": {"a": []}}}, False),
        ({"data": {"id": "${ $context.id }"}}, True),
        ({"data": "${ .id > $context.limit }"}, True),
        ({"data": "${ .id | error }"}, False),
        ({"data": "${ .missing }"}, False),
    ],
)
def test_an_event_fits_what_it_is_compared_with(with_, expected):
    assert fits(closed(with_)) is expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"from": ".data.id", "expect": 7}, True),
        ({"from": "${ .data.id }", "expect": "${ .order }"}, True),
        ({"from": ".data.id", "expect": "7"}, False),
        ({"from": ".data.id * 1.0", "expect": 7}, True),
        ({"from": ".data.missing", "expect": None}, False),
    ],
)
def test_a_value_of_the_event_is_what_it_has_to_be(rule, expected):
    assert fits(closed({"type": "order"}, {"k": rule}, {"order": 7})) is expected


def test_filters_that_differ_in_values_alone_have_one_shape():
    one, other = (
        closed(
            {"type": "order", "data": {"id": "${ .n }"}},
            {"k": {"from": ".id", "expect": n}},
            {"n": n},
        )
        for n in (1, 2)
    )
    assert filters.shape_of(one) == filters.shape_of(other)
    assert filters.expects(one) != filters.expects(other)
    third = closed({"type": "order", "data": "${ .id == $context.id }"})
    assert filters.shape_of(third) != filters.shape_of(one)


def test_without_expect_the_value_binds():
    found = filters.fit(closed({"type": "order"}, {"room": {"from": ".data.id"}}), EVENT)
    assert found is not None
    assert found.keys == {"room": 7}


def test_a_filter_that_does_not_end_fits_nothing():
    assert filters.fit(closed({"data": "${ def f: f; f }"}), EVENT) is None


def test_a_value_that_no_event_can_have_is_an_error():
    with pytest.raises(ExpressionError, match="gave null"):
        closed({"subject": "${ .nothing.here }"}, value={})
