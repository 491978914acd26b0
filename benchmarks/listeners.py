"""Whether many listeners and many events slow down starts: ``python -m benchmarks.listeners``.

Runs are started one by one on two workers: while nobody listens, while so many runs listen, each to
a value of its own, and while events come beside that, in turn with while none do. A few of the
events a second are what a listener waits for; the others are nobody's. The processor time of the
workers hardly depends on who else works on the machine: what it is at rest, and what an event adds.
``--database``, ``--listeners 10000``, ``--rate 100`` and ``--hits 5`` choose what.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from benchmarks.surroundings import ROOT, surroundings, workers

if TYPE_CHECKING:
    from benchmarks.load import Load

WORKERS, SINGLE, CHUNK, REST_SECONDS = 2, 40, 50, 8.0
PAIRS, SETTLE_SECONDS = 5, 1.0
LISTENS = (
    "- hear: {listen: {to: {one: {with: {type: bench}, correlate: {n: {from: .data.n, expect: '${"
    " .n }'}}}}}}\n"
)
PATIENCE_SECONDS = 900.0


def measure(database: str, listeners: int, rate: int, hits: int) -> dict[str, Any]:
    """Milliseconds from a start to its first step, in the three states."""
    with surroundings(database):
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", interactive=False, verbosity=0)
        from benchmarks import load
        from benchmarks.one import functions_of_workers
        from executions.models import CloudEvent, Delivery

        functions_of_workers()
        work = load.Load.prepared()
        with workers(WORKERS) as pids:
            load.wait_for_workers(WORKERS)
            work.burst(40)
            figures: dict[str, Any] = {"nobody listens": _starts(work)}
            figures["worker CPU at rest, ms a second"] = _at_rest(pids)
            began = time.time()
            _listen(work, listeners)
            figures["listeners begun a second"] = round(listeners / (time.time() - began), 1)
            figures["listeners"] = _starts(work)
            figures["with listeners"] = at_rest = _at_rest(pids)
            command = [sys.executable, "-m", "benchmarks.listeners", "--send", str(work.owner.pk)]
            command += ["--rate", str(rate), "--hits", str(hits)]
            sender = subprocess.Popen(command, cwd=ROOT, env=os.environ)
            try:
                time.sleep(2)
                before = CloudEvent.objects.count()
                used = _at_rest(pids) - at_rest
                sent = CloudEvent.objects.count() - before
                figures["worker CPU of an event, ms"] = round(used * REST_SECONDS / max(1, sent), 2)
                figures |= _in_turn(work, sender.pid)
                figures["events unmatched"] = CloudEvent.objects.to_be_matched().count()
            finally:
                sender.terminate()
                sender.wait()
            figures["taken"] = Delivery.objects.filter(consumed_at__isnull=False).count()
            lag = [
                (event.matched_at - event.received_at).total_seconds() * 1000
                for event in CloudEvent.objects.filter(matched_at__isnull=False)
                if event.matched_at is not None
            ]
            figures["matched after, ms"] = round(sorted(lag)[len(lag) // 2], 1)
            return figures


def _at_rest(pids: list[int]) -> float:
    """Processor time of the workers in milliseconds a second, while no run is started."""
    from benchmarks.one import cpu_seconds

    used = cpu_seconds(pids)
    time.sleep(REST_SECONDS)
    return round((cpu_seconds(pids) - used) * 1000 / REST_SECONDS, 1)


def _in_turn(work: Load, sender: int) -> dict[str, Any]:
    """Starts while events come and while none do, in turn: who else works on the machine slows both
    alike. The ratio is the median of those of the pairs.
    """
    from executions.models import CloudEvent

    pairs, sent, seconds = [], 0, 0.0
    for number in range(PAIRS):
        both = {}
        for is_sending in (True, False) if number % 2 else (False, True):
            os.kill(sender, signal.SIGCONT if is_sending else signal.SIGSTOP)
            time.sleep(SETTLE_SECONDS)
            before, began = CloudEvent.objects.count(), time.time()
            both[is_sending] = _starts(work)["p50"]
            if is_sending:
                sent += CloudEvent.objects.count() - before
                seconds += time.time() - began
        pairs.append((both[False], both[True]))
    os.kill(sender, signal.SIGCONT)
    ratios = sorted(with_events / without for without, with_events in pairs)
    return {
        "start without and with events, p50 ms": pairs,
        "with events, times": round(ratios[len(ratios) // 2], 2),
        "events a second": round(sent / seconds, 1),
    }


def _starts(work: Load) -> dict[str, float]:
    waits, _ = work.singly(SINGLE)
    waits = sorted(waits)
    return {
        "p50": round(waits[len(waits) // 2] * 1000, 1),
        "p90": round(waits[int(len(waits) * 0.9)] * 1000, 1),
    }


def _listen(work: Load, count: int) -> None:
    from django.db import transaction

    from benchmarks import load
    from executions.intake.apply import apply_definition
    from executions.intake.start import start
    from executions.models import Execution
    from executions.states import Phase
    from tests.waiting import until

    workflow = apply_definition(load.HEAD % "listens" + LISTENS, work.owner).workflow
    for first in range(0, count, CHUNK):
        with transaction.atomic():
            for number in range(first, min(count, first + CHUNK)):
                start(workflow, work.owner, input={"n": number})
    rows = Execution.objects.filter(workflow=workflow, phase=Phase.WAITING)
    until(lambda: rows.count() == count, what="all listen", seconds=PATIENCE_SECONDS)


def send(owner_id: int, rate: int, hits: int) -> None:
    """Keep events until this process is ended, evenly."""
    import django

    django.setup()
    from executions.inbound import keeping

    number, due = 0, time.monotonic()
    while True:
        # One that was stopped for a while makes up for nothing.
        due = max(due + 1 / rate, time.monotonic() - 0.1)
        time.sleep(max(0.0, due - time.monotonic()))
        is_hit = number % (rate // hits) == 0 if hits else False
        wanted = number // (rate // hits) if is_hit else -number - 1
        keeping.keep(
            [
                {
                    "specversion": "1.0",
                    "type": "bench",
                    "source": "/bench",
                    "id": str(number),
                    "data": {"n": wanted},
                }
            ],
            owner_id,
        )
        number += 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="postgres")
    parser.add_argument("--listeners", type=int, default=10_000)
    parser.add_argument("--rate", type=int, default=100)
    parser.add_argument("--hits", type=int, default=5)
    parser.add_argument("--send", type=int, help="be the sender of events for this owner")
    given = parser.parse_args()
    if given.send is not None:
        send(given.send, given.rate, given.hits)
    else:
        print(json.dumps(measure(given.database, given.listeners, given.rate, given.hits)))
