"""Absurd: a task of ten steps. Each step's result is a checkpoint in PostgreSQL.

``python absurd.py worker ADDRESS`` works until it is ended, ``… load ADDRESS COUNT`` starts so
many, waits for them and prints when each was committed and when its steps ran, as JSON; ``…
singly ADDRESS COUNT`` does so one after the other. A third number is that of the steps (10).
"""

from __future__ import annotations

import json
import sys
import time

from absurd_sdk import Absurd

STEPS = 10
PATIENCE_SECONDS = 120
LOOK_SECONDS = 0.2
# As many as one of our workers would take of a queue at once.
BATCH = 10


def app(address: str) -> Absurd:
    """The client, with its one task."""
    made = Absurd(address)

    @made.register_task(name="ten-steps")
    def ten_steps(params, context):
        numbers = range(1, params["steps"] + 1)
        return [context.step(f"step{number}", time.time) for number in numbers]

    return made


def load(address: str, count: int, steps: int = STEPS) -> list[list[float]]:
    """Start them in one transaction; the moment of its commit, and those of each one's steps."""
    client = app(address)
    with client._conn.transaction():
        started = [client.spawn("ten-steps", {"steps": steps})["task_id"] for _ in range(count)]
    committed = time.time()
    patience = time.monotonic() + PATIENCE_SECONDS
    finished: dict[str, list[float]] = {}
    while len(finished) < count:
        assert time.monotonic() < patience, "Absurd did not finish in time"
        time.sleep(LOOK_SECONDS)
        for key in [key for key in started if key not in finished]:
            snapshot = client.fetch_task_result(key)
            if snapshot is None or snapshot.state != "completed":
                break
            finished[key] = [committed, *snapshot.result]
    return list(finished.values())


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        app(sys.argv[2]).start_worker(batch_size=BATCH, poll_interval=0.1)
    else:
        many, *steps = map(int, sys.argv[3:])
        parts = [1] * many if sys.argv[1] == "singly" else [many]
        print(json.dumps([each for part in parts for each in load(sys.argv[2], part, *steps)]))
