"""Procrastinate: ten jobs, each of which defers the next. It has no checkpoints inside a job: each
job is a row in PostgreSQL, and the last one leaves the moments of all as a job that nobody takes.

``python procrastinate_peer.py prepare ADDRESS`` makes its tables, ``… worker ADDRESS`` works until
it is ended, ``… load ADDRESS COUNT`` starts so many, waits for them and prints when each was
committed and when its steps ran, as JSON; ``… singly ADDRESS COUNT`` does so one after the other.
"""

from __future__ import annotations

import json
import sys
import time
import uuid

import psycopg
from procrastinate import App, PsycopgConnector, SyncPsycopgConnector

STEPS = 10
PATIENCE_SECONDS = 120
LOOK_SECONDS = 0.1
# As many as one of our workers would take of a queue at once.
BATCH = 10
FOUND = "SELECT args FROM procrastinate_jobs WHERE queue_name = 'kept' AND args->>'run' = ANY(%s)"


def app(connector):
    """The app with its one task."""
    made = App(connector=connector)

    @made.task(name="step", queue="steps")
    async def step(run, moments):
        moments = [*moments, time.time()]
        queue = "steps" if len(moments) < STEPS else "kept"
        later = made.configure_task("step", queue=queue)
        await later.defer_async(run=run, moments=moments)

    return made


def load(address: str, count: int) -> list[list[float]]:
    """Start them one after the other."""
    client = app(SyncPsycopgConnector(conninfo=address))
    committed: dict[str, float] = {}
    with client.open():
        for _ in range(count):
            run = uuid.uuid4().hex
            client.configure_task("step", queue="steps").defer(run=run, moments=[])
            committed[run] = time.time()
    patience = time.monotonic() + PATIENCE_SECONDS
    with psycopg.connect(address, autocommit=True) as connection:
        while True:
            rows = connection.execute(FOUND, [list(committed)]).fetchall()
            if len(rows) == count:
                return [[committed[args["run"]], *args["moments"]] for (args,) in rows]
            assert time.monotonic() < patience, "Procrastinate did not finish in time"
            time.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        with app(SyncPsycopgConnector(conninfo=sys.argv[2])).open() as opened:
            opened.schema_manager.apply_schema()
    elif sys.argv[1] == "worker":
        working = app(PsycopgConnector(conninfo=sys.argv[2]))
        working.run_worker(queues=["steps"], concurrency=BATCH)
    else:
        many = int(sys.argv[3])
        parts = [1] * many if sys.argv[1] == "singly" else [many]
        print(json.dumps([each for part in parts for each in load(sys.argv[2], part)]))
