"""Celery on Redis: a chain of ten tasks. Nothing is on disk: Redis holds queue and results in
memory, and a task whose worker dies is lost, as Celery acknowledges before it runs.

``python celery_peer.py worker ADDRESS PROCESSES`` works until it is ended, ``… load ADDRESS
COUNT`` starts so many, waits for them and prints when each was sent and when its steps ran, as
JSON; ``… singly ADDRESS COUNT`` does so one after the other.
"""

from __future__ import annotations

import json
import sys
import time

from celery import Celery, chain

STEPS = 10
PATIENCE_SECONDS = 120

app = Celery("celery_peer", broker=sys.argv[2], backend=sys.argv[2])
app.conf.broker_connection_retry_on_startup = True


@app.task(name="step")
def step(moments):
    return [*moments, time.time()]


def load(count: int) -> list[list[float]]:
    """Send them one after the other."""
    sent = []
    for _ in range(count):
        last = chain(step.s([]), *(step.s() for _ in range(STEPS - 1))).apply_async()
        sent.append((time.time(), last))
    return [[at, *last.get(timeout=PATIENCE_SECONDS)] for at, last in sent]


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        arguments = ["worker", "--concurrency", sys.argv[3], "--loglevel", "WARNING"]
        app.worker_main(arguments)
    else:
        many = int(sys.argv[3])
        parts = [1] * many if sys.argv[1] == "singly" else [many]
        print(json.dumps([each for part in parts for each in load(part)]))
