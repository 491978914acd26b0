"""The garbage collector of processes that run for long."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from executions import collector


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()
    gc.enable()


def test_what_exists_at_the_start_is_left_out_of_later_collections() -> None:
    collector.settle()
    assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold() == collector.THRESHOLDS


def test_circles_that_are_made_later_are_still_found() -> None:
    collector.settle()

    class Ring:
        found = False

        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            Ring.found = True

    Ring()
    gc.collect()
    assert Ring.found


def test_nothing_is_collected_before_a_process_has_settled() -> None:
    collector.hold()
    assert not gc.isenabled()
    collector.settle()
    assert gc.isenabled()
