"""What a trial stands on: a folder, a database, the ledger in a process of its own; and children
that may be killed.

The process of the harness itself never opens the database: whatever needs it runs in a forked
child, which is fast (Django is loaded once) and leaves nothing behind when it is killed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from tests.faults.harness import agents, ledger
from tests.faults.harness.shapes import CANARY
from tests.services import postgres_server
from tests.waiting import until

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = "tests.faults.harness.settings"
DATABASES = ("sqlite", "postgres")


class ChildFailed(Exception):
    """A child of the harness ended by an error of its own: this is no verdict, the harness is
    broken.
    """


class Overdue(Exception):
    """A child did not end in its time and was killed: what it did is stuck."""


@dataclass(slots=True)
class Rig:
    """One database and one ledger; ``folder`` holds all that they write."""

    database: str
    folder: Path
    ledger_url: str

    @property
    def redis_socket(self) -> Path:
        return self.folder / "redis.sock"

    def in_child(self, work: Callable[[], Any], *, seconds: float = 60.0) -> Any:
        """What ``work`` gave (JSON), or None where it was killed. It runs in a forked child."""
        return Child(work).result(seconds)


class Child:
    """A forked process that does one piece of work; may be killed or stopped from here."""

    living: ClassVar[set[int]] = set()

    def __init__(self, work: Callable[[], Any]) -> None:
        reader, writer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(reader)
            _work(work, writer)
        os.close(writer)
        self._reader = reader
        Child.living.add(self.pid)

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def is_running(self) -> bool:
        """Whether it has not come to its end, looked at without waiting."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def result(self, seconds: float = 60.0) -> Any:
        """Wait for the end. None: it was killed. Raises ChildFailed, Overdue."""
        deadline = time.monotonic() + seconds
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                Child.living.discard(pid)
                break
            if time.monotonic() > deadline:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                Child.living.discard(self.pid)
                os.close(self._reader)
                raise Overdue(f"not done after {seconds:g} s")
            time.sleep(0.001)
        with os.fdopen(self._reader) as stream:
            text = stream.read()
        if os.WIFSIGNALED(status):
            return None
        answer = json.loads(text) if text else {"error": f"exit status {status}"}
        if "error" in answer:
            raise ChildFailed(answer["error"])
        return answer["value"]


def _work(work: Callable[[], Any], writer: int) -> None:
    try:
        answer = {"value": work()}
    except BaseException:
        answer = {"error": traceback.format_exc()}
    try:
        # A pipe holds 64 KiB and nobody reads before the end.
        os.write(writer, json.dumps(answer).encode()[:60_000])
    finally:
        os._exit(0)


@contextmanager
def rig(database: str, folder: Path) -> Iterator[Rig]:
    """Start everything for trials on ``database`` and set up Django for it; one per process."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        os.environ["STIGMER_TEST_FAULTS"] = str(folder)
        os.environ["STIGMER_SECRET_CANARY"] = CANARY
        os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
        os.environ["REDIS_URL"] = f"unix://{folder / 'redis.sock'}"
        if database == "postgres":
            stack.enter_context(postgres_server(folder / "postgres"))
            os.environ["DATABASE_URL"] = (
                f"postgresql://postgres@/stigmer?host={folder / 'postgres'}"
            )
            _create_database(folder)
        else:
            os.environ["DATABASE_URL"] = f"sqlite:///{folder / 'trials.sqlite3'}"
        url = stack.enter_context(ledger_server(folder))
        os.environ["STIGMER_TEST_LEDGER"] = url
        os.environ[agents.ADDRESS] = stack.enter_context(agents.model_server(folder))
        import django

        django.setup()
        made = Rig(database, folder, url)
        _load()
        made.in_child(_prepare, seconds=120)
        stack.callback(_end_children)
        yield made


def _end_children() -> None:
    """A trial that broke off leaves nobody behind."""
    for pid in Child.living:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    Child.living.clear()


def _load() -> None:
    """What every child needs, imported once, before it is forked."""
    from tests.faults.harness import oracle, work

    oracle.load()
    work.load()


def _create_database(folder: Path) -> None:
    import psycopg

    with psycopg.connect(
        f"postgresql://postgres@/postgres?host={folder / 'postgres'}", autocommit=True
    ) as server:
        server.execute("CREATE DATABASE stigmer")


@contextmanager
def ledger_server(folder: Path) -> Iterator[str]:
    """The ledger, writing into ``folder``; gives its address."""
    process = subprocess.Popen([sys.executable, "-m", ledger.__name__, str(folder)], cwd=ROOT)
    port_file = folder / ledger.PORT_FILE
    try:
        until(lambda: port_file.exists() or process.poll() is not None, what="the ledger listens")
        yield f"http://127.0.0.1:{port_file.read_text()}"
    finally:
        process.kill()
        process.wait()


def _prepare() -> None:
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from tests.faults.harness import history

    call_command("migrate", interactive=False, verbosity=0)
    history.install()
    User.objects.create_superuser("ann", "ann@example.org", "not-used")
