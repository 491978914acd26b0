"""The recovery timeline's figures, and the witness whose arrivals they are made of."""

from __future__ import annotations

import urllib.request
from concurrent.futures import ThreadPoolExecutor

from benchmarks.recovery import summary
from benchmarks.witness import Witness
from tests.waiting import until


def test_moments_stand_in_the_order_in_which_they_come() -> None:
    made = summary(
        [{"claimed": 0.02, "dead": 0.01}, {"claimed": 0.04, "dead": 0.03}, {"dead": 0.05}]
    )
    assert list(made) == ["claimed", "dead"]
    assert made["dead"] == {"median": 30.0, "p95": 50.0, "longest": 50.0, "trials": 3}
    assert made["claimed"]["trials"] == 2


def test_the_longest_of_few_is_their_95th_percentile() -> None:
    (spread,) = summary([{"dead": seconds / 1000} for seconds in range(1, 21)]).values()
    assert (spread["median"], spread["p95"], spread["longest"]) == (10.0, 19.0, 20.0)


def test_the_witness_lets_the_first_call_wait_and_answers_the_second() -> None:
    with Witness() as witness, ThreadPoolExecutor(1) as pool:
        request = urllib.request.Request(witness.url, b"{}", {"Idempotency-Key": "wex-1/step~1"})

        def call() -> int:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return int(answer.status)

        first = pool.submit(call)
        until(lambda: len(witness.arrivals["wex-1"]) == 1, what="the first call arrived")
        assert call() == 200
        assert not first.done()
        witness.release()
        assert first.result(30) == 200
