"""A real web server (`stigmer web`) of a rig, kept as a supervisor keeps it; and a session with
which to enter it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tests import server_logs
from tests.faults.harness.rig import ROOT, Rig
from tests.live import free_ports
from tests.waiting import until


class Web:
    """``keep`` starts it where it is not running; ``port`` stays the same."""

    def __init__(self, rig: Rig, environment: Mapping[str, str]) -> None:
        self._rig = rig
        (self.port,) = free_ports(1)
        self.environment = environment
        self.process: subprocess.Popen[bytes] | None = None

    def keep(self) -> None:
        if self.process is None or self.process.poll() is not None:
            environment = {**os.environ, "STIGMER_TEST_PORT": str(self.port), **self.environment}
            command = [sys.executable, "-m", "executions.cli", "web"]
            with server_logs.writing(self._rig.folder / "web.log") as log:
                self.process = subprocess.Popen(
                    command, cwd=ROOT, env=environment, stdout=log, stderr=log
                )

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def end(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.port}/healthz", timeout=5
            ) as response:
                return int(response.status) == 200
        except (OSError, urllib.error.HTTPError):
            return False

    def close(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@contextmanager
def web_server(rig: Rig, environment: Mapping[str, str] | None = None) -> Iterator[Web]:
    """It answers when it is given. ``environment`` is added to that of the rig."""
    web = Web(rig, environment or {})
    try:
        web.keep()
        until(web.answers, what="the web server answers")
        yield web
    finally:
        web.close()


def session_cookie(port: int) -> str:
    """A cookie with which ann is signed in. For a child of the rig."""
    from django.contrib.auth.models import User
    from django.contrib.sessions.backends.db import SessionStore

    ann = User.objects.get(username="ann")
    session = SessionStore()
    session["_auth_user_id"] = str(ann.pk)
    session["_auth_user_backend"] = "django.contrib.auth.backends.ModelBackend"
    session["_auth_user_hash"] = ann.get_session_auth_hash()
    session.create()
    return f"stigmer{port}-session={session.session_key}"
