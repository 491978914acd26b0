"""Settings of the harness' own processes: the product's, on a database of this trial run, with all
waits shortened.
"""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(os.environ["STIGMER_TEST_FAULTS"])
for name in [
    name
    for name in os.environ
    if name.startswith("STIGMER_") and not name.startswith("STIGMER_TEST_")
]:
    if not name.startswith("STIGMER_SECRET_"):
        del os.environ[name]
os.environ["STIGMER_HOME"] = str(FOLDER / "home")
os.environ["STIGMER_PORT"] = os.environ.get("STIGMER_TEST_PORT", "8000")
os.environ["STIGMER_TIME_ZONE"] = os.environ.get("STIGMER_TEST_TIME_ZONE", "UTC")
os.environ["STIGMER_LOG_LEVEL"] = os.environ.get("STIGMER_TEST_LOG_LEVEL", "CRITICAL")

from executions.sandbox.promises import RISKS  # noqa: E402
from tests.faults.harness.settings_seconds import RETRY_DELAYS  # noqa: E402
from tests.turned import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STIGMER_DEMO = False
STIGMER_HTTP_ALLOWED_HOSTS = ["127.0.0.1"]
STIGMER_FUNCTION_MODULES = ["tests.faults.harness.functions"]
# All pages of a trial are those of one person.
TURNED = {
    "dashboard.live.socket.SOCKETS_OF_ONE_PERSON": 1000,
    "executions.calls.kind.CALL_RETRY_DELAYS": RETRY_DELAYS,
    "executions.calls.model.MODEL_RETRY_DELAYS": RETRY_DELAYS,
    "executions.calls.kind.ATTEMPT_SECONDS": 10.0,
    # A trial may kill more often than a person would stand; the breaker has trials of its own.
    "executions.driving.crashes.LONELY_CRASHES": int(
        os.environ.get("STIGMER_TEST_CRASH_LIMIT", "1000")
    ),
}
if "STIGMER_TEST_UNHURRIED" not in os.environ:
    STIGMER_SLOTS = 8
    STIGMER_HEARTBEAT_SECONDS = 0.2
    STIGMER_PROCESS_SILENCE_SECONDS = 2.0
    STIGMER_SWEEP_SECONDS = 0.1
    STIGMER_RING_AGAIN_SECONDS = 0.05
STIGMER_COMMANDS_MAY = list(RISKS)
