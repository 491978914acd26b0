"""DBOS: a workflow of ten steps from a queue. Each step's result is a row in PostgreSQL or SQLite.

``python dbos_peer.py prepare ADDRESS`` makes its tables, ``… worker ADDRESS`` works until it is
ended, ``… load ADDRESS COUNT`` starts so many, waits for them and prints when each was committed
and when its steps ran, as JSON; ``… singly ADDRESS COUNT`` does so one after the other. ``… at_once
ADDRESS COUNT STEPS`` and ``… children ADDRESS COUNT CHILDREN`` print when each was committed, when
it began, and when so many steps at once, or children from the queue, were over.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time

from dbos import DBOS, DBOSClient

STEPS = 10
QUEUE = "benchmarks"


@DBOS.step()
def step(number: int) -> float:
    return time.time()


@DBOS.workflow()
def ten_steps() -> list[float]:
    return [step(number) for number in range(1, STEPS + 1)]


@DBOS.step()
async def step_beside(number: int) -> float:
    return time.time()


@DBOS.workflow()
async def at_once(count: int) -> list[float]:
    began = time.time()
    await asyncio.gather(*(step_beside(number) for number in range(count)))
    return [began, time.time()]


@DBOS.workflow()
def child(number: int) -> float:
    return step(number)


@DBOS.workflow()
def children(count: int) -> list[float]:
    began = time.time()
    handles = [DBOS.enqueue_workflow(QUEUE, child, number) for number in range(count)]
    for handle in handles:
        handle.get_result()
    return [began, time.time()]


def launch(address: str) -> None:
    """Make the tables where they are missing, and take from the queue from now on."""
    config = {
        "name": "benchmarks",
        "system_database_url": address,
        "application_version": "1",
        "log_level": "WARNING",
    }
    DBOS(config=config)
    DBOS.launch()
    DBOS.register_queue(QUEUE)


def load(address: str, count: int, name: str, *arguments: int) -> list[list[float]]:
    """Start them one after the other."""
    client = DBOSClient(system_database_url=address)
    options = {"queue_name": QUEUE, "workflow_name": name, "app_version": "1"}
    started = [(client.enqueue(options, *arguments), time.time()) for _ in range(count)]
    return [[committed, *handle.get_result()] for handle, committed in started]


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        launch(sys.argv[2])
        DBOS.destroy()
    elif sys.argv[1] == "worker":
        launch(sys.argv[2])
        threading.Event().wait()
    else:
        how, address, many, *numbers = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
        workflow = how if how in ("at_once", "children") else "ten_steps"
        parts = [many] if how == "load" else [1] * many
        times = [each for part in parts for each in load(address, part, workflow, *numbers)]
        print(json.dumps(times))
