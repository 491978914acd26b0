"""Functions of the trials: one whose writes commit with its step, and one that ends the process
that calls it.
"""

from __future__ import annotations

import json
import os
import signal
import urllib.request

from executions.calls.python.functions import FunctionContext, function

if os.environ.get("STIGMER_TEST_FULL_DISK"):
    from tests.faults.harness import full_disk

    full_disk.use()


@function(name="faults.enrol", effect="transactional", isolation="thread")
def enrol(context: FunctionContext) -> str:
    """One row per call that stands; its name is the call's key."""
    from django.contrib.auth.models import Group

    Group.objects.create(name=context.idempotency_key[-150:])
    return "enrolled"


@function(name="faults.note", effect="idempotent", isolation="thread")
def note(word: str, context: FunctionContext) -> str:
    """A tool of an agent: it tells the ledger, under its key."""
    request = urllib.request.Request(
        f"{os.environ['STIGMER_TEST_LEDGER']}/effect",
        json.dumps({"name": word}).encode(),
        {"Idempotency-Key": context.idempotency_key, "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        return str(json.load(response)["did"])


@function(name="faults.kill_worker", isolation="thread")
def kill_worker() -> None:
    """Foreign code that takes its worker with it, each time."""
    os.kill(os.getpid(), signal.SIGKILL)
