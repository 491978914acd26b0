"""The page about backups, followed word by word on a real installation of each kind."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import server_logs
from tests.browser.people import ledger, shop
from tests.cli.terminal import Terminal
from tests.live import ROOT, free_ports
from tests.services import postgres_server, postgres_tools
from tests.waiting import START_SECONDS, until

PAGE = (ROOT / "docs" / "deploy.md").read_text()
SECTION = PAGE.partition("## Backup and restore\n")[2].partition("\n## ")[0]
BLOCKS = [
    block.strip().splitlines() for block in re.findall(r"```sh\n(.*?)```", SECTION, re.DOTALL)
]
# A backup is made meanwhile, on a busy machine.
HANG_SECONDS = 30
WORKFLOW = """
document: {dsl: '1.0.0', namespace: backups, name: slow-order, version: '1.0.0'}
do:
- charge:
    call: http
    with: {method: post, endpoint: '%(shop)s/payments', body: {orderId: '${ .orderId }', amount: 3}}
- nap: {wait: {seconds: 30}}
- done: {set: {done: true}}
"""


@dataclass(slots=True)
class Shell:
    """Where an operator types: the folder that they stand in, and the environment of this
    installation.
    """

    folder: Path
    variables: dict[str, str]

    def run(self, line: str) -> str:
        """What a line printed; it has to end well."""
        done = subprocess.run(
            self._words(line),
            cwd=self.folder,
            env=self._environment(line),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        return done.stdout

    @contextmanager
    def running(self, line: str) -> Iterator[None]:
        """A line that goes on until it is stopped in order."""
        with server_logs.writing(self.folder / "log") as log:
            process = subprocess.Popen(
                self._words(line),
                cwd=self.folder,
                env=self._environment(line),
                stdout=log,
                stderr=log,
            )
        try:
            until(
                lambda: process.poll() is not None or self.status() in (200, 503),
                what=line,
                seconds=START_SECONDS,
            )
            assert process.poll() is None, (self.folder / "log").read_text()
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0

    def status(self) -> int:
        """What /readyz answers; 0 where nobody does."""
        try:
            with urllib.request.urlopen(f"{self.address}/readyz", timeout=60) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    @property
    def address(self) -> str:
        return f"http://localhost:{self.variables['STIGMER_PORT']}"

    @property
    def demo_url(self) -> str:
        return f"http://127.0.0.1:{self.variables['STIGMER_DEMO']}"

    def password(self, name: str) -> str:
        logins = json.loads((Path(self.variables["STIGMER_HOME"]) / "logins.json").read_text())
        return next(str(login["password"]) for login in logins if login["name"] == name)

    def _words(self, line: str) -> list[str]:
        return [word for word in shlex.split(line) if not re.match(r"[A-Z_]+=", word)]

    def _environment(self, line: str) -> dict[str, str]:
        given = dict(
            word.split("=", 1) for word in shlex.split(line) if re.match(r"[A-Z_]+=", word)
        )
        return Terminal(self.folder, self.variables).environment() | given


@pytest.fixture(params=["sqlite", "postgres"])
def shell(request: pytest.FixtureRequest) -> Iterator[Shell]:
    port, demo_port = free_ports(2)
    with tempfile.TemporaryDirectory(prefix="stigmer-") as name:
        folder = Path(name)
        path = [str(ROOT / ".venv" / "bin"), str(postgres_tools()), os.environ["PATH"]]
        variables = {
            "PATH": os.pathsep.join(path),
            "STIGMER_HOME": str(folder / "home"),
            "STIGMER_WORKERS": "1",
            "STIGMER_PORT": str(port),
            "STIGMER_DEMO": str(demo_port),
        }
        if request.param == "sqlite":
            yield Shell(folder, variables)
            return
        with postgres_server(folder / "p") as address:
            yield Shell(folder, variables | {"DATABASE_URL": address})


@pytest.mark.processes
def test_the_page_about_backups_is_true(shell: Shell) -> None:
    (making,), (looking, restoring), (alone,), (everything,) = BLOCKS
    person = Terminal(shell.folder / "person", {"STIGMER_SERVER": shell.address})
    with shell.running(everything):
        until(lambda: shell.status() == 200, what="ready", seconds=START_SECONDS)
        said = person(
            "login",
            shell.address,
            "--user",
            "admin",
            "--password-stdin",
            stdin=shell.password("admin"),
        )
        assert said.code == 0, said
        definition = WORKFLOW % {"shop": shell.demo_url}
        (shell.folder / "slow-order.yaml").write_text(definition)
        assert person("apply", "-f", str(shell.folder / "slow-order.yaml")).code == 0
        waiting = started(person, "waiting")
        until(lambda: phase(person, waiting) == "WAITING", what="a run waits")
        shop(shell, operation="charge", fault="hang", seconds=HANG_SECONDS, times=1)
        calling = started(person, "calling")
        until(
            lambda: "calling" in charged(shell),
            what="the shop has done it, and does not answer yet",
        )
        assert "2 runs (2 unfinished)" in shell.run(making)
        late = started(person, "late")
        until(
            lambda: all_completed(person, waiting, calling, late), what="all runs end", seconds=180
        )
    assert "Nothing was changed." in shell.run(looking)
    assert "2 runs (2 unfinished)" in shell.run(restoring)
    with shell.running(alone):
        assert shell.status() == 503
        assert (phase(person, waiting), phase(person, calling)) == ("WAITING", "IN_PROGRESS")
        assert person("get", late).code == 4
    with shell.running(everything):
        until(lambda: shell.status() == 200, what="ready", seconds=START_SECONDS)
        new = started(person, "new")
        until(
            lambda: all_completed(person, waiting, calling, new), what="all runs end", seconds=180
        )
        assert charged(shell) == ["waiting", "calling", "late", "new"], "each was charged once"
        shell.run("stigmer backup tuesday.backup")
    if "DATABASE_URL" not in shell.variables:
        database = Path(shell.variables["STIGMER_HOME"]) / "stigmer.sqlite3"
        assert not database.with_name("stigmer.sqlite3-wal").exists(), (
            "an orderly stop leaves one file"
        )


def started(person: Terminal, order: str) -> str:
    said = person("run", "workflow", "slow-order", "-i", f"orderId={order}", "-o", "json")
    assert said.code == 0, said
    return str(json.loads(said.out)["id"])


def all_completed(person: Terminal, *executions: str) -> bool:
    return all(phase(person, each) == "COMPLETED" for each in executions)


def charged(shell: Shell) -> list[str]:
    """The orders that were charged, each time that one was."""
    return [entry["orderId"] for entry in ledger(shell) if entry["effect"] == "charge"]


def phase(person: Terminal, execution: str) -> str:
    said = person("get", execution, "-o", "json")
    assert said.code == 0, said
    return str(json.loads(said.out)["status"]["phase"])
