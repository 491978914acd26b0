"""What the rows about open pages stand on: the web server alone, people who are signed in, and when
each change was written.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import psutil

from benchmarks.surroundings import ROOT, STOP_SECONDS

READY_SECONDS = 120
TABLE = "CREATE TABLE bench_changes (execution_id uuid, seq bigint, at double precision)"
FUNCTION = """
CREATE FUNCTION bench_changed() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
  INSERT INTO bench_changes VALUES (NEW.id, NEW.head_seq, extract(epoch from clock_timestamp()));
  RETURN NULL;
END$$
"""
TRIGGER = (
    "CREATE TRIGGER bench_changed AFTER UPDATE ON executions_execution FOR EACH ROW"
    " WHEN (NEW.head_seq <> OLD.head_seq) EXECUTE FUNCTION bench_changed()"
)
Changes = Mapping[str, Sequence[tuple[int, float]]]


def note_changes() -> None:
    """From now on PostgreSQL writes down when each execution came to which sequence, in the
    transaction that brings it there: a commit comes later by the time of its fsync.
    """
    from django.db import connection

    with connection.cursor() as cursor:
        for statement in (TABLE, FUNCTION, TRIGGER):
            cursor.execute(statement)


def noted(kind: str, began: float, ended: float) -> Changes:
    """By topic of this kind, the sequences and their moments, of the time between."""
    from django.db import connection

    from executions.ids import public_id

    by_topic: dict[str, list[tuple[int, float]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT execution_id, seq, at FROM bench_changes WHERE at BETWEEN %s AND %s"
            " ORDER BY execution_id, seq",
            [began, ended],
        )
        for key, seq, at in cursor.fetchall():
            by_topic[f"{kind}:{public_id('wex', key)}"].append((seq, at))
    return by_topic


@dataclass(frozen=True, slots=True)
class Web:
    """The web server and its port."""

    port: int
    process: psutil.Process

    def kibibytes(self) -> float:
        """Memory that nobody else has."""
        return float(self.process.memory_full_info().uss) / 1024

    def seconds(self) -> float:
        """Its processor time so far."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


@contextmanager
def web() -> Iterator[Web]:
    """Daphne as `stigmer web` starts it, where the settings of this process say."""
    from django.conf import settings

    port = settings.STIGMER_PORT
    running = subprocess.Popen([sys.executable, "-m", "executions.cli", "web"], cwd=ROOT)
    try:
        ends = time.monotonic() + READY_SECONDS
        while not _answers(port):
            assert running.poll() is None, "the web server ended"
            assert time.monotonic() < ends, "the web server did not answer in time"
            time.sleep(0.1)
        yield Web(port, psutil.Process(running.pid))
    finally:
        running.terminate()
        running.wait(STOP_SECONDS)


def _answers(port: int) -> bool:
    try:
        address = f"http://127.0.0.1:{port}/healthz"
        return httpx.get(address, trust_env=False, timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def cookies(count: int) -> list[str]:
    """Of so many pages: one person may have twenty open."""
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.test import Client

    from dashboard.live.socket import SOCKETS_OF_ONE_PERSON

    headers: list[str] = []
    for number in range(-(-count // SOCKETS_OF_ONE_PERSON)):
        client = Client(SERVER_NAME="localhost")
        client.force_login(User.objects.create_superuser(f"watcher-{number}"))
        value = client.cookies[settings.SESSION_COOKIE_NAME].value
        headers += [f"{settings.SESSION_COOKIE_NAME}={value}"] * SOCKETS_OF_ONE_PERSON
    return headers[:count]


class OpenPages:
    """So many sockets in a process of their own, which all follow the same topics."""

    def __init__(self, port: int, cookies: Sequence[str], topics: Mapping[str, int]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.pages"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        asked = {"port": port, "cookies": cookies, "topics": topics}
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "open\n", "the pages did not open"

    def close(self) -> list[list[tuple[str, int, float]]]:
        """Of each page, what came when. Raises AssertionError where one was cut off."""
        said: dict[str, Any] = json.loads(self._process.communicate()[0])
        assert not said["ends"], f"{len(said['ends'])} pages ended: {set(said['ends'])}"
        came: list[list[tuple[str, int, float]]] = said["came"]
        return came

    def kill(self) -> None:
        """End its process at once; one that has ended already is left alone."""
        self._process.kill()
        self._process.wait()


def lateness(changes: Changes, came: Sequence[tuple[str, int, float]]) -> list[float]:
    """Seconds from each change to the first moment at which one page had it, or a later one of the
    same topic. A change that never came is left out.
    """
    by_topic: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for topic, seq, at in came:
        by_topic[topic].append((seq, at))
    late = []
    for topic, topic_changes in changes.items():
        arrived = iter(sorted(by_topic[topic]))
        seq, at = next(arrived, (0, 0.0))
        for changed, moment in sorted(topic_changes):
            while seq < changed and (following := next(arrived, None)) is not None:
                seq, at = following
            if seq >= changed:
                late.append(at - moment)
    return late
