"""DBOS: a workflow of ten steps from a queue. Each step's result is a row in PostgreSQL.

``python dbos_peer.py prepare ADDRESS`` makes its tables, ``… worker ADDRESS`` works until it is
ended, ``… load ADDRESS COUNT`` starts so many, waits for them and prints when each was committed
and when its steps ran, as JSON; ``… singly ADDRESS COUNT`` does so one after the other.
"""

from __future__ import annotations

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


def load(address: str, count: int) -> list[list[float]]:
    """Start them one after the other."""
    client = DBOSClient(system_database_url=address)
    options = {"queue_name": QUEUE, "workflow_name": "ten_steps", "app_version": "1"}
    started = [(client.enqueue(options), time.time()) for _ in range(count)]
    return [[committed, *handle.get_result()] for handle, committed in started]


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        launch(sys.argv[2])
        DBOS.destroy()
    elif sys.argv[1] == "worker":
        launch(sys.argv[2])
        threading.Event().wait()
    else:
        many = int(sys.argv[3])
        parts = [1] * many if sys.argv[1] == "singly" else [many]
        print(json.dumps([each for part in parts for each in load(sys.argv[2], part)]))
