"""Rows about steps: pure tasks, the start on idle workers, a hundred steps of one run."""

from __future__ import annotations

import multiprocessing
import time
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.rows import Bench, Figures

PURE, RUNS, TURNS, PUSHES = 20, 20, 3, 100
MARK = "- %s: {call: python, with: {function: bench.mark}}\n"
PATH = "- set%d: {set: {number: '${ .number }'}}\n"
PROGRAM = "- set%d: {set: {number: '${ .number + 1 }'}}\n"
RING, HEARD = "bench:ring", "bench:heard"
REST_SECONDS, PATIENCE_SECONDS = 0.005, 30


def pure(bench: Bench) -> Figures:
    """How much longer two calls are apart with twenty pure tasks between them, for each task."""
    figures: Figures = {}
    with bench.workers():
        for name, task in (("path", PATH), ("program", PROGRAM)):
            tasks = "".join(task % number for number in range(PURE))
            text = MARK % "first" + MARK % "second" + tasks + MARK % "third"
            work = bench.workflow(f"pure-{name}", text)
            _, steps = work.singly(RUNS)
            each = [((third - second) - (second - first)) / PURE for first, second, third in steps]
            figures[f"{name}_ms_each"] = round(median(each) * 1000, 4)
    return figures


def idle(bench: Bench) -> Figures:
    """From the commit of a start to its first step, and a bare hand-over by BLPOP in turn."""
    from benchmarks.figures import percentile  # not above: the other process has no Django

    ours: list[float] = []
    bare: list[float] = []
    with bench.workers():
        for _ in range(TURNS):
            ours += bench.work.singly(RUNS)[0]
            bare += _handed_over(PUSHES)
    start, pushed = percentile(ours, 0.5) * 1000, percentile(bare, 0.5) * 1000
    return {
        "start_p50_ms": round(start, 3),
        "start_p99_ms": round(percentile(ours, 0.99) * 1000, 3),
        "blpop_p50_ms": round(pushed, 3),
        "start_by_blpop": round(start / pushed, 2),
    }


def _handed_over(count: int) -> list[float]:
    """Seconds from a push to the moment at which another process holds it."""
    import redis
    from django.conf import settings

    context = multiprocessing.get_context("spawn")
    other = context.Process(target=_hear, args=(settings.REDIS_URL, count + 1))
    other.start()
    seconds = []
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=PATIENCE_SECONDS) as client:
        for _ in range(count + 1):
            time.sleep(REST_SECONDS)  # the other waits again by then
            began = time.time()
            client.rpush(RING, "1")
            heard = client.blpop([HEARD])
            assert heard is not None
            seconds.append(float(heard[1]) - began)
    other.join()
    return seconds[1:]  # the first one waited for the process to begin


def _hear(address: str, count: int) -> None:
    import redis

    with redis.Redis.from_url(address, socket_timeout=PATIENCE_SECONDS) as client:
        for _ in range(count):
            client.blpop([RING])
            client.rpush(HEARD, time.time())


def hundred(bench: Bench) -> Figures:
    """From the first to the last of a hundred steps, ours and Absurd's in turn."""
    from benchmarks.others import ABSURD, installed, made_ready

    ready = made_ready(ABSURD, installed(ABSURD), bench.folder / "redis.sock")
    work = bench.workflow("hundred", "".join(MARK % f"step{number}" for number in range(100)))
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(TURNS):
        with bench.workers():
            work.singly(1)
            ours.append(median(times[-1] - times[0] for times in work.singly(5)[1]))
        with ready.working():
            ready.load(1, "singly", 100)
            runs = ready.load(5, "singly", 100)
            theirs.append(median(max(times) - times[1] for times in runs))
    return {
        "ours_ms": round(median(ours) * 1000, 1),
        "absurd_ms": round(median(theirs) * 1000, 1),
        "ours_by_absurd": round(median(a / b for a, b in zip(ours, theirs, strict=True)), 2),
    }
