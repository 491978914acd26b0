"""The hook: counts each SQL write and each COMMIT of this process, and ends it by SIGKILL before or
after the n-th.

It can be armed only under settings of the tests and with the variable that names the harness'
folder.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

VARIABLE = "STIGMER_TEST_FAULTS"
WRITES = ("INSERT", "UPDATE", "DELETE", "WITH")
Executes = Callable[[str, Any, bool, dict[str, Any]], Any]


class Points:
    """Numbers every moment at which the process may be killed; ``at`` is the number of the one at
    which it is.
    """

    def __init__(self, at: int | None) -> None:
        self.at = at
        self.count = 0
        self._lock = threading.Lock()

    def reach(self) -> None:
        with self._lock:
            self.count += 1
            if self.count == self.at:
                os.kill(os.getpid(), signal.SIGKILL)

    def execute(
        self, execute: Executes, sql: str, parameters: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        if not sql.lstrip().upper().startswith(WRITES):
            return execute(sql, parameters, many, context)
        self.reach()
        result = execute(sql, parameters, many, context)
        self.reach()
        return result


def arm(at: int | None) -> Points:
    """Count from now on, and kill this process at point ``at`` (None: only count).

    For a forked child, once.
    """
    module = str(settings.SETTINGS_MODULE)
    if VARIABLE not in os.environ or not module.startswith("tests."):
        raise RuntimeError(
            f"The hook that kills is for trials: it needs {VARIABLE} and test settings, not"
            f" {module}."
        )
    points = Points(at)
    commit = BaseDatabaseWrapper._commit  # type: ignore[attr-defined]

    def counted(wrapper: BaseDatabaseWrapper) -> Any:
        points.reach()
        result = commit(wrapper)
        points.reach()
        return result

    def watch(connection: BaseDatabaseWrapper, **_: Any) -> None:
        if points.execute not in connection.execute_wrappers:
            connection.execute_wrappers.append(points.execute)

    BaseDatabaseWrapper._commit = counted  # type: ignore[attr-defined]
    connection_created.connect(watch, weak=False)
    for connection in connections.all(initialized_only=True):
        watch(connection)
    return points
