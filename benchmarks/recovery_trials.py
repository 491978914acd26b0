"""What is done in a trial of the recovery timeline: something dies at t = 0 while a step waits for
its answer.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.contrib.auth.models import User

from benchmarks import moments
from benchmarks.witness import Witness
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import Execution, Process, Workflow
from executions.states import Phase
from tests.faults.harness.web import session_cookie
from tests.faults.harness.websocket import Closed, WebSocket
from tests.live import ROOT, LiveStigmer, command, environment, stigmer_up
from tests.processes import lives
from tests.waiting import until

PATIENCE_SECONDS = 60.0
TEXT = """document: {{dsl: '1.0.0', namespace: benchmarks, name: interrupted, version: '1.0.0'}}
do:
- before: {{set: {{n: 1}}}}
- step:
    call: http
    with: {{method: post, endpoint: '{url}', body: {{n: 1}}}}
    metadata: {{attemptTimeout: {{minutes: 2}}}}
- after: {{set: {{n: 2}}}}
"""
Timeline = dict[str, float]


@dataclass(frozen=True, slots=True)
class Bench:
    """Who starts what, and who sees the calls."""

    workflow: Workflow
    owner: User
    witness: Witness

    @classmethod
    def prepared(cls, witness: Witness) -> Bench:
        owner, _ = User.objects.get_or_create(username="ann", defaults={"is_superuser": True})
        return cls(apply_definition(TEXT.format(url=witness.url), owner).workflow, owner, witness)

    def begun(self) -> Execution:
        """An execution whose step waits for its answer."""
        execution = start(self.workflow, self.owner, input={})
        until(
            lambda: self.witness.arrivals[execution.public_id],
            what="the step runs",
            seconds=PATIENCE_SECONDS,
        )
        return Execution.objects.select_related("process").get(pk=execution.pk)

    def runs_again(self, execution: Execution) -> float:
        """The moment at which its step was called a second time."""
        arrivals = self.witness.arrivals[execution.public_id]
        until(lambda: len(arrivals) > 1, what="the step runs again", seconds=PATIENCE_SECONDS)
        rows = Execution.objects.filter(pk=execution.pk, phase=Phase.COMPLETED)
        until(rows.exists, what="the execution completes", seconds=PATIENCE_SECONDS)
        return arrivals[1]


def worker_dies(bench: Bench, live: LiveStigmer, *, others: int) -> Timeline:
    """kill -9 of the worker that drives, while ``others`` live beside it and a page follows the
    execution.
    """
    until(lambda: living() >= others + 1, what="the workers live", seconds=PATIENCE_SECONDS)
    execution = bench.begun()
    process = execution.process
    assert process is not None
    port = int(live.base_url.rpartition(":")[2])
    with follower(port, execution) as shown:
        killed_at = time.time()
        os.kill(process.pid, signal.SIGKILL)
        again_at = bench.runs_again(execution)
        until(
            lambda: any(at > killed_at for at in shown),
            what="the page hears of it",
            seconds=PATIENCE_SECONDS,
        )
        shown_at = next(at for at in shown if at > killed_at)
    seen = moments.after(killed_at, execution.pk, process.pk)
    return {**seen, "runs again": again_at - killed_at, "shown": shown_at - killed_at}


def everything_dies(
    bench: Bench, home: Path, live: LiveStigmer, settings: dict[str, object]
) -> Timeline:
    """SIGKILL of the supervisor and all that it started; then it is started again."""
    execution = bench.begun()
    processes = live.everything()
    for process in processes:
        process.kill()
    live.process.wait()
    until(lambda: not any(map(lives, processes)), what="everything has ended")
    started_at = time.time()
    with stigmer_up(home, **settings):
        ready_at = time.time()
        again_at = bench.runs_again(execution)
    return {
        "ready after its start": ready_at - started_at,
        "runs again after its start": again_at - started_at,
        "runs again after ready": max(0.0, again_at - ready_at),
    }


def host_is_lost(bench: Bench, home: Path, settings: dict[str, object]) -> Timeline:
    """A worker whose row names another host is killed: nobody here may look at its pid, only its
    silence tells.
    """
    with (home.with_name("elsewhere.log")).open("ab") as log:
        elsewhere = subprocess.Popen(
            command("worker"), cwd=ROOT, env=environment(home, **settings), stdout=log, stderr=log
        )
    try:
        rows = Process.objects.filter(pid=elsewhere.pid, dead_at=None)
        until(rows.exists, what="the other host's worker lives", seconds=PATIENCE_SECONDS)
        rows.update(host="elsewhere")
        process, held = rows.get(), list[Execution]()
        while not held:
            held = [
                each for each in [bench.begun() for _ in range(4)] if each.process_id == process.pk
            ]
        # The others watch what they were told an instant ago for a second.
        time.sleep(2.0)
        killed_at = time.time()
    finally:
        elsewhere.kill()
        elsewhere.wait()
    again_at = bench.runs_again(held[0])
    seen = moments.after(killed_at, held[0].pk, process.pk)
    bench.witness.release()
    return {**seen, "runs again": again_at - killed_at}


def living() -> int:
    return Process.objects.living().workers().count()


@contextmanager
def follower(port: int, execution: Execution) -> Iterator[list[float]]:
    """An open page of this execution; the list holds the moments at which it was told of something
    new.
    """
    shown: list[float] = []
    stopping, is_open = threading.Event(), threading.Event()
    topic = f"execution:{execution.public_id}"
    cookie = session_cookie(port)

    async def follow() -> None:
        socket = await WebSocket.open(port, "/live/", cookie)
        socket.say({"sub": {topic: execution.head_seq}})
        while not stopping.is_set():
            try:
                frame = await asyncio.wait_for(socket.hear(), 0.5)
            except TimeoutError:
                continue
            except Closed:
                break
            if "ok" in frame:
                is_open.set()
            elif "parts" in frame:
                shown.append(time.time())
        await socket.drop()

    thread = threading.Thread(target=asyncio.run, args=(follow(),), daemon=True)
    thread.start()
    try:
        until(is_open.is_set, what="the page follows")
        yield shown
    finally:
        stopping.set()
        thread.join()
