"""F9: the disk is full: SQLite may not grow for a while; running work waits and goes on by
itself.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from functools import partial

from tests.faults.harness import full_disk, work
from tests.faults.harness.results import Trial
from tests.faults.harness.rig import Rig
from tests.faults.harness.shapes import SHAPES
from tests.faults.harness.storm import storm
from tests.faults.harness.workers import crew

FAULT = "F9"
TRIALS = 10


def trials(rig: Rig, done: set[str]) -> Iterator[Trial]:
    if rig.database != "sqlite":
        return
    rig.in_child(partial(work.apply, SHAPES, rig.ledger_url))
    with crew(rig, 0) as (workers, _):
        workers.environment["STIGMER_TEST_FULL_DISK"] = "yes"
        for number in range(TRIALS):
            seed = f"{rig.database}:{number}"
            if seed not in done:
                workers.keep(2)
                yield storm(rig, FAULT, seed, workers, partial(_fill, rig), executions=12)


def _fill(rig: Rig, chance: random.Random) -> int:
    """How often an outcome could not be written is not known here, so that effects may be repeated
    that often.
    """
    file = rig.folder / full_disk.FILE_NAME
    file.write_text(str(rig.in_child(_pages)))
    time.sleep(chance.uniform(1.0, 3.0))
    file.unlink()
    return 20


def _pages() -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        return int(cursor.fetchone()[0])
