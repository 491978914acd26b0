"""RQ on Redis: ten jobs, each of which puts the next into the queue. Nothing is on disk: Redis has
jobs and results in memory. A worker forks a process for each job, as it does unless told not to.
With ``depends_on``, jobs whose predecessor ended while they were sent stayed deferred for ever.

``python rq_peer.py worker ADDRESS`` works until it is ended, ``… load ADDRESS COUNT`` starts so
many, waits for them and prints when each was sent and when its steps ran, as JSON; ``… singly
ADDRESS COUNT`` does so one after the other.
"""

from __future__ import annotations

import json
import sys
import time
import uuid

from redis import Redis
from rq import Queue, Worker, get_current_job

STEPS = 10
PATIENCE_SECONDS = 120
LOOK_SECONDS = 0.05


def step(run: str, moments: list[float]) -> list[float]:
    """One of the ten; the last one's result holds the moments of all."""
    moments = [*moments, time.time()]
    if len(moments) < STEPS:
        queue = Queue(connection=get_current_job().connection)
        queue.enqueue(step, run, moments, job_id=f"{run}-{len(moments)}")
    return moments


def load(address: str, count: int) -> list[list[float]]:
    """Send them one after the other."""
    queue = Queue(connection=Redis.from_url(address))
    sent = {}
    for _ in range(count):
        run = uuid.uuid4().hex
        queue.enqueue("rq_peer.step", run, [], job_id=f"{run}-0")
        sent[run] = time.time()
    patience = time.monotonic() + PATIENCE_SECONDS
    finished: dict[str, list[float]] = {}
    while len(finished) < count:
        assert time.monotonic() < patience, "RQ did not finish in time"
        time.sleep(LOOK_SECONDS)
        for run in sent.keys() - finished.keys():
            last = queue.fetch_job(f"{run}-{STEPS - 1}")
            if last is not None and last.return_value() is not None:
                finished[run] = [sent[run], *last.return_value()]
    return list(finished.values())


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        where = Redis.from_url(sys.argv[2])
        Worker([Queue(connection=where)], connection=where).work(logging_level="WARNING")
    else:
        many = int(sys.argv[3])
        parts = [1] * many if sys.argv[1] == "singly" else [many]
        print(json.dumps([each for part in parts for each in load(sys.argv[2], part)]))
