"""The peers: which they are, how each keeps what was done, and what it needs to run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.surroundings import ROOT

SCRIPTS = ROOT / "benchmarks" / "peers"
ENVIRONMENTS = ROOT / "var" / "peers"
STOP_SECONDS = 30
LOAD_SECONDS = 180


@dataclass(frozen=True, slots=True)
class Peer:
    """``script`` runs in an environment with ``requirements``, both in benchmarks/peers; ``kept``
    says what survives, ``redis`` is its address where it has no database of its own. A worker that
    ``forks`` starts as many processes as it is told.
    """

    name: str
    script: str
    requirements: str
    count: int
    kept: str
    redis: str = ""
    forks: bool = False
    prepare: Callable[[Path, str], None] = lambda environment, address: None

    @property
    def short(self) -> str:
        return self.script.removesuffix(".py").removesuffix("_peer")


def _absurd_schema(environment: Path, address: str) -> None:
    from tests.services import postgres_tools

    variables = {
        **os.environ,
        "PGDATABASE": address,
        "PATH": f"{postgres_tools()}{os.pathsep}{os.environ['PATH']}",
    }
    for command in (["init"], ["create-queue", "default"]):
        tool = environment / "bin" / "absurdctl"
        subprocess.run([tool, *command], env=variables, check=True, stdout=subprocess.DEVNULL)


def _own_tables(script: str) -> Callable[[Path, str], None]:
    def prepare(environment: Path, address: str) -> None:
        command: list[str | Path] = [environment / "bin" / "python", SCRIPTS / script]
        subprocess.run([*command, "prepare", address], check=True)

    return prepare


_ROWS = "a committed row for each step"
_JOBS = "a committed row for each job; no checkpoints, so ten jobs in a chain"
_MEMORY = "nothing on disk: Redis in memory; no checkpoints, so ten tasks in a chain"
ABSURD = Peer(
    "Absurd 0.5", "absurd.py", "requirements-absurd.txt", 200, _ROWS, prepare=_absurd_schema
)
DBOS = Peer(
    "DBOS 3.4",
    "dbos_peer.py",
    "requirements-dbos.txt",
    60,
    _ROWS,
    prepare=_own_tables("dbos_peer.py"),
)
PEERS = (
    ABSURD,
    DBOS,
    Peer(
        "Procrastinate 3.10",
        "procrastinate_peer.py",
        "requirements-procrastinate.txt",
        60,
        _JOBS,
        prepare=_own_tables("procrastinate_peer.py"),
    ),
    Peer(
        "Celery 5.7",
        "celery_peer.py",
        "requirements-celery.txt",
        100,
        _MEMORY,
        redis="redis+socket://{socket}?virtual_host=9",
        forks=True,
    ),
    Peer("RQ 3.0", "rq_peer.py", "requirements-rq.txt", 20, _MEMORY, redis="unix://{socket}?db=8"),
)


@dataclass(frozen=True, slots=True)
class Installed:
    """A peer that can be run."""

    peer: Peer
    environment: Path
    address: str

    def load(self, count: int, how: str = "load", *more: int) -> list[list[float]]:
        """For each workflow when it was committed, and when its steps ran."""
        ran = subprocess.run(
            [*self._command(how), *map(str, (count, *more))],
            env=_plain(),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=LOAD_SECONDS,
        )
        times: list[list[float]] = json.loads(ran.stdout.splitlines()[-1])
        return times

    @contextmanager
    def working(self, processes: int = 2) -> Iterator[list[int]]:
        """So many worker processes of it run; the ids of those that were started here."""
        command = [*self._command("worker"), str(processes)]
        running = [
            subprocess.Popen(command, env=_plain(), stdout=subprocess.DEVNULL)
            for _ in range(1 if self.peer.forks else processes)
        ]
        try:
            yield [process.pid for process in running]
        finally:
            for process in running:
                _end(process)

    def _command(self, what: str) -> list[str | Path]:
        python = self.environment / "bin" / "python"
        return [python, SCRIPTS / self.peer.script, what, self.address]


def _plain() -> dict[str, str]:
    """The environment without our own settings: Celery would look for Django."""
    ours = ("DJANGO_", "STIGMER_", "PYTHONPATH", "DATABASE_URL", "REDIS_URL")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def _end(process: subprocess.Popen[bytes]) -> None:
    """It and its children, which would go on without it."""
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait(STOP_SECONDS)
    for child in children:
        try:
            child.kill()
        except psutil.NoSuchProcess:
            continue


def installed(peer: Peer) -> Path:
    """The environment with the peer's packages, installed where they are not yet."""
    folder = ENVIRONMENTS / peer.script.removesuffix(".py")
    requirements = SCRIPTS / peer.requirements
    wanted = requirements.read_text()
    mark = folder / "installed.txt"
    if not mark.exists() or mark.read_text() != wanted:
        uv = str(Path(sys.executable).with_name("uv"))
        subprocess.run([uv, "venv", "--quiet", "--clear", folder], check=True)
        python = folder / "bin" / "python"
        command: list[str | Path] = [uv, "pip", "install", "--quiet", "--python", python]
        subprocess.run([*command, "--requirement", requirements], check=True)
        mark.write_text(wanted)
    return folder


def made_ready(peer: Peer, environment: Path, socket: Path) -> Installed:
    """The peer with tables in a database of its own (a file beside ours on SQLite), or on Redis."""
    from django.db import connection

    if peer.redis:
        return Installed(peer, environment, peer.redis.format(socket=socket))
    if connection.vendor == "sqlite":
        address = f"sqlite:///{socket.with_name(peer.short)}.sqlite"
        peer.prepare(environment, address)
        return Installed(peer, environment, address)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {peer.short}")
    address = os.environ["DATABASE_URL"].replace("/postgres?", f"/{peer.short}?")
    peer.prepare(environment, address)
    return Installed(peer, environment, address)
