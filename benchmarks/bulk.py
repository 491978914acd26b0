"""10,000 failed runs, recovered in one bulk run whose worker is killed half-way.

``python -m benchmarks.bulk [RUNS]`` starts an installation of its own in a temporary folder, lets
the runs fail at the demo shop, mends the shop, and begins one bulk run. Half-way it kills with
SIGKILL the worker that carries it out. It prints how long each part took, and checks that every run
was recovered exactly once and completed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.live import LiveStigmer, stigmer_up

RUNS = 10_000
LONGEST_SECONDS = 1_500.0
DEFINITION = """document: {dsl: '1.0.0', namespace: bench, name: bulk-bench, version: '1.0.0'}
do:
- before: {set: {n: 1}}
- ask: {call: http, with: {method: get, endpoint: '%s/health'}}
- after: {set: {n: 2}}
"""


def main() -> None:
    """Print the figures. Raises AssertionError where a run was lost or recovered twice."""
    many = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    with (
        tempfile.TemporaryDirectory(prefix="stigmer-bulk-") as folder,
        stigmer_up(Path(folder) / "home", STIGMER_WORKERS=2) as live,
    ):
        figures = measured(live, many)
    print(json.dumps(figures, indent=2))


def measured(live: LiveStigmer, many: int) -> dict[str, Any]:
    """What one trial gave."""
    _use(live)
    from django.contrib.auth.models import User
    from django.db import connection

    from executions.bulk.beginning import Order, begin_for_all
    from executions.intake.apply import apply_definition
    from executions.intake.start import start
    from executions.models import BulkRun, Event, Execution
    from executions.searching.search import Search
    from executions.verbs.rows import VERBS

    figures: dict[str, Any] = {"runs": many}
    admin = User.objects.get(username="admin")
    workflow = apply_definition(DEFINITION % live.demo_url, admin).workflow
    _shop(live, operation="health", fault="reject", times=None)
    with _timed(figures, "until all had failed"):
        for _ in range(many):
            start(workflow, admin, input={})
        _until(lambda: Execution.objects.filter(phase="FAILED").count() == many)
    causes = set(Execution.objects.values_list("cause", flat=True))
    assert len(causes) == 1, f"{len(causes)} causes"
    _shop(live, operation="health", fault=None)
    order = Order(VERBS["recover"], "the bench", causes.pop(), said=many)
    with _timed(figures, "to begin it"):
        bulk = begin_for_all(admin, order, [Search(needs_attention=True, cause=order.cause)])
    assert bulk.total == many
    with _timed(figures, "until every run was tried"):
        _until(lambda: bulk.counts()["DONE"] >= many // 2)
        holder = BulkRun.objects.select_related("holder").get(pk=bulk.pk).holder
        assert holder is not None
        os.kill(holder.pid, signal.SIGKILL)
        figures["killed after"] = bulk.counts()["DONE"]
        _until(lambda: _has_ended(bulk))
    with _timed(figures, "then until the last had completed"):
        _until(lambda: Execution.objects.filter(phase="COMPLETED").count() == many)
    figures["items"] = {name: count for name, count in bulk.counts().items() if count}
    asked = Event.objects.filter(name="WORKFLOW_RECOVERED", actor=admin)
    figures["recoveries asked for"] = asked.count()
    figures["runs recovered twice"] = asked.count() - asked.values("execution").distinct().count()
    connection.close()
    assert figures["items"] == {"DONE": many}, figures
    assert figures["recoveries asked for"] == many and not figures["runs recovered twice"], figures
    return figures


def _has_ended(bulk: Any) -> bool:
    """Its progress is what happened: every item counts once, and every one that is done asked."""
    from executions.models import BulkRun, Event

    before = Event.objects.filter(name="WORKFLOW_RECOVERED", actor=bulk.actor).count()
    counts = bulk.counts()
    after = Event.objects.filter(name="WORKFLOW_RECOVERED", actor=bulk.actor).count()
    assert sum(counts.values()) == bulk.total, counts
    assert before <= counts["DONE"] <= after, f"{before} to {after} were asked for, {counts}"
    return BulkRun.objects.get(pk=bulk.pk).ended_at is not None


def _use(live: LiveStigmer) -> None:
    os.environ["STIGMER_HOME"] = str(live.home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stigmer_site.settings")
    from executions.cli.surroundings import use_settings

    use_settings()


def _shop(live: LiveStigmer, **control: Any) -> None:
    headers = {"Content-Type": "application/json", "Origin": live.demo_url}
    data = json.dumps(control).encode()
    request = urllib.request.Request(f"{live.demo_url}/control", data, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 200


@contextmanager
def _timed(figures: dict[str, Any], what: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    figures[f"seconds {what}"] = round(time.monotonic() - began, 1)


def _until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + LONGEST_SECONDS
    while not holds():
        assert time.monotonic() < ends, "it did not come to its end in time"
        time.sleep(1)


if __name__ == "__main__":
    main()
