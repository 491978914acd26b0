"""Who gets a place next."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import pytest

from executions.sealed.errors import SealedClosed, SealedGivenUp
from executions.sealed.places import Caller, Places, calling
from tests.waiting import until


def waiting_count(places: Places) -> int:
    """How many wait."""
    with places._lock:
        return sum(map(len, places._waiting.values()))


def test_an_owner_has_so_many_places_and_all_together_so_many() -> None:
    places = Places(total=2, each=1)
    assert places.enter_now("a")
    assert not places.enter_now("a")
    assert places.enter_now("b")
    assert not places.enter_now("c")
    places.leave("a")
    assert places.enter_now("c")


def test_owners_come_in_turn_whoever_brings_more() -> None:
    places = Places(total=1, each=1)
    order: list[str] = []
    places.enter("x")
    with ThreadPoolExecutor(10) as threads:

        def waits(count: int) -> bool:
            return waiting_count(places) == count

        def go(owner: str) -> None:
            places.enter(owner)
            order.append(owner)
            places.leave(owner)

        calls: list[Future[None]] = []
        for owner in ["a", "a", "a", "b", "b", "c"]:
            calls.append(threads.submit(go, owner))
            until(partial(waits, len(calls)), what="each waits")
        places.leave("x")
        for call in calls:
            call.result(timeout=60)
    assert order == ["a", "b", "c", "a", "b", "a"]


def test_who_waits_is_told_when_all_is_closed() -> None:
    places = Places(total=1, each=1)
    places.enter("a")
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(places.enter, "b")
        until(lambda: waiting_count(places) == 1, what="one waits")
        places.close()
        with pytest.raises(SealedClosed):
            waiting.result(timeout=60)
    assert not places.enter_now("c")


def test_a_caller_that_is_told_gives_up_its_turn_and_others_are_served() -> None:
    places = Places(total=1, each=1)
    places.enter("a")
    caller = Caller()

    def waits() -> None:
        with calling(caller):
            places.enter("b")

    with ThreadPoolExecutor(2) as threads:
        told = threads.submit(waits)
        until(lambda: waiting_count(places) == 1, what="one waits")
        other = threads.submit(places.enter, "c")
        until(lambda: waiting_count(places) == 2, what="two wait")
        caller.give_up()
        with pytest.raises(SealedGivenUp):
            told.result(timeout=60)
        assert waiting_count(places) == 1 and not other.done()
        places.leave("a")
        other.result(timeout=60)
        # Each later wait of it ends at once too; what needs no wait goes on.
        with pytest.raises(SealedGivenUp):
            threads.submit(waits).result(timeout=60)
        places.leave("c")
        threads.submit(waits).result(timeout=60)
