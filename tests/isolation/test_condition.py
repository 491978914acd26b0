"""A child that a call left otherwise than it was is not used again; whatever it was that the call
did.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from executions.isolation import ChildPool, ChildRaised
from tests.isolation.careless import LEAVES, LEAVES_NOTHING

TARGET = "tests.isolation.careless:answer"


@pytest.fixture(scope="module")
def pool() -> Iterator[ChildPool]:
    one = ChildPool(TARGET, size=1, environment={"COLOUR": "blue"}, memory_limit_bytes=2**30)
    yield one
    one.close()


@pytest.mark.parametrize("operation", LEAVES)
def test_a_child_that_a_call_left_otherwise_is_replaced(pool: ChildPool, operation: str) -> None:
    before = pool.call("pid", None, deadline=30.0)
    try:
        left = pool.run(operation, None, deadline=30.0).left
    except ChildRaised as error:
        left = error.left
    assert operation.partition(":")[0] in left
    assert pool.call("pid", None, deadline=30.0) != before


@pytest.mark.parametrize("operation", LEAVES_NOTHING)
def test_a_child_that_is_as_it_was_is_kept(pool: ChildPool, operation: str) -> None:
    before = pool.call("pid", None, deadline=30.0)
    for _ in range(3):
        assert pool.run(operation, None, deadline=30.0).left == ()
    assert pool.call("pid", None, deadline=30.0) == before


def test_a_context_variable_of_one_call_is_not_seen_by_the_next(pool: ChildPool) -> None:
    said = [pool.call("context variable", None, deadline=30.0) for _ in range(2)]
    assert said == ["none", "none"]


def test_a_child_whose_memory_ran_out_is_replaced() -> None:
    pool = ChildPool("tests.isolation.foreign:answer", size=1, memory_limit_bytes=256 * 1024 * 1024)
    before = pool.call("pid", None, deadline=30.0)
    with pytest.raises(ChildRaised, match="MemoryError") as caught:
        pool.call("allocate", 10**9, deadline=30.0)
    assert caught.value.left == ("memory",)
    assert pool.call("pid", None, deadline=30.0) != before
    pool.close()
