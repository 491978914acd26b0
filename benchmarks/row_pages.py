"""Rows about open pages: one update to a thousand of them, and many updates to many, one of them in
a real browser.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.watched import OpenPages, Web, cookies, lateness, note_changes, noted, web
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.load import Load
    from benchmarks.rows import Bench, Figures
    from executions.models import Execution

SOCKETS, FIRST, DASHBOARDS = 1_000, 10, 200
RUNS, CHANGES_A_SECOND = 50, 50
WINDOW_SECONDS, SETTLE_SECONDS, WORKERS = 30.0, 4.0, 2
LOOP = """\
- loop:
    for: {each: number, in: '${ [range(%d)] }'}
    do:
    - look: {set: {number: '${ $number }'}}
    - pause: {wait: {milliseconds: %d}}
"""
WATCH = """
(() => {
  const seen = new Map();
  window.came = [];
  const look = () => {
    const at = Date.now() / 1000;
    for (const row of document.querySelectorAll('[data-topic^="row:"]')) {
      const { topic, seq } = row.dataset;
      if (seen.get(topic) === seq) continue;
      seen.set(topic, seq);
      window.came.push([topic, Number(seq), at]);
    }
  };
  new MutationObserver(look).observe(document, {
    subtree: true, childList: true, attributes: true, attributeFilter: ["data-seq"],
  });
})();
"""


def sockets(bench: Bench) -> Figures:
    """One run that changes every two seconds, followed by a thousand pages of one web server."""
    many = bench.many(SOCKETS)
    note_changes()
    work = bench.workflow("followed", LOOP % (10_000, 2_000))
    with web() as server, bench.workers(WORKERS):
        run = _under_way(work, 1)[0]
        people, topics = cookies(many), {f"execution:{run.public_id}": _head(run)}
        with _opened(server, people[:FIRST], topics) as first:
            time.sleep(SETTLE_SECONDS)  # what the first page brings along is no other's
            before = server.kibibytes()
            with _opened(server, people[FIRST:], topics) as others:
                window = _window()
                each = (server.kibibytes() - before) / (many - FIRST)
                came = first.close() + others.close()
    return {"sockets": many, **_late(noted("execution", *window), came), "kib_each": round(each, 1)}


def dashboards(bench: Bench) -> Figures:
    """Fifty runs that change once a second each, as rows of so many open lists, one of them in
    Chromium, where a change counts from the moment at which the document has it.
    """
    many = bench.many(DASHBOARDS)
    note_changes()
    pause = round(1000 * RUNS / CHANGES_A_SECOND)
    work = bench.workflow("rows", LOOP % (10_000, pause))
    with web() as server, bench.workers(WORKERS):
        runs = _under_way(work, RUNS)
        people = cookies(many)
        topics = {f"row:{run.public_id}": _head(run) for run in runs}
        with (
            _opened(server, people[1:], topics) as pages,
            _browser(server, people[0]) as shown,
        ):
            used = server.seconds()
            began, ended = _window()
            used = (server.seconds() - used) / (ended - began)
            came, in_browser = pages.close(), shown()
    changes = noted("row", began, ended)
    visible = {
        topic: changes[topic] for topic in changes if topic in {row[0] for row in in_browser}
    }
    document = _late(visible, [in_browser])
    return {
        "dashboards": many,
        "changes_a_second": round(sum(map(len, changes.values())) / (ended - began), 1),
        **_late(changes, came),
        "rows_in_browser": len(visible),
        "document_p50_ms": document["p50_ms"],
        "document_p95_ms": document["p95_ms"],
        "web_cpu_percent": round(used * 100, 1),
    }


def _under_way(work: Load, count: int) -> list[Execution]:
    """So many runs that have waited already."""
    runs = [work.one() for _ in range(count)]
    for run in runs:
        waits = run.steps.filter(kind="wait").exclude(finished_at=None)
        until(waits.exists, what="a run is under way")
    return runs


def _head(run: Execution) -> int:
    run.refresh_from_db()
    return run.head_seq


def _window() -> tuple[float, float]:
    """So long changes count; those at its end arrive before this returns."""
    time.sleep(SETTLE_SECONDS)
    began = time.time()
    time.sleep(WINDOW_SECONDS)
    ended = time.time()
    time.sleep(SETTLE_SECONDS)
    return began, ended


@contextmanager
def _opened(server: Web, people: list[str], topics: Mapping[str, int]) -> Iterator[OpenPages]:
    pages = OpenPages(server.port, people, topics)
    try:
        yield pages
    finally:
        pages.kill()


@contextmanager
def _browser(server: Web, cookie: str) -> Iterator[Any]:
    """A Chromium that shows the list; gives a function that says which sequences its rows showed,
    and when.
    """
    from playwright.sync_api import sync_playwright

    from tests.chromium import FLAGS, find

    path = find()
    assert path is not None, "there is no Chromium: python -m tests.chromium says how to get one"
    name, _, value = cookie.partition("=")
    address = f"http://localhost:{server.port}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        context = browser.new_context()
        context.add_cookies([{"name": name, "value": value, "url": address}])
        page = context.new_page()
        page.add_init_script(WATCH)
        page.goto(f"{address}/executions/")
        page.locator('[data-topic^="row:"]').first.wait_for()
        yield lambda: page.evaluate("window.came")
        browser.close()


def _late(changes: Any, came: Sequence[Sequence[tuple[str, int, float]]]) -> Figures:
    """From a change to each page; how many reached none; and how fast all pages were reached."""
    from benchmarks.figures import percentile

    late = [seconds for page in came for seconds in lateness(changes, page)]
    expected = sum(map(len, changes.values())) * len(came)
    figures = {
        "updates": sum(map(len, changes.values())),
        "missed": expected - len(late),
        "p50_ms": round(percentile(late, 0.5) * 1000, 1),
        "p95_ms": round(percentile(late, 0.95) * 1000, 1),
    }
    arrived: dict[tuple[str, int], list[float]] = defaultdict(list)
    for page in came:
        for topic, seq, at in page:
            arrived[topic, seq].append(at)
    rates = [
        len(times) / spent
        for times in arrived.values()
        if len(times) == len(came) and (spent := max(times) - min(times))
    ]
    if rates:
        figures["deliveries_a_second"] = round(median(rates))
    return figures
