"""Five hundred at once: all fail, each owner is told once of each, and as many recoveries bring
them all through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from executions import audit
from executions.driving.attempts.running import Running
from executions.driving.driver import advance
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import AuditEntry, Event, Execution, Notification, Process
from executions.states import Phase
from executions.verbs.deciding import decisions
from executions.worker.writers import writers

pytestmark = [pytest.mark.database, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
HOW_MANY = 500
TEXT = """
document: {{dsl: '1.0.0', namespace: tests, name: many, version: '1.0.0'}}
do:
- first: {{set: {{n: '${{ .n }}'}}}}
- second: {{call: python, with: {{function: tests.fails, arguments: {{ledger: '${{ "{folder}/" + (.n | tostring) }}',
    times: 1, transient: false}}}}}}
"""


def all_at_once(work: Callable[[Any], Any], items: Iterable[Any], *, threads: int) -> None:
    """Each in one of so many threads, none of which leaves a connection behind."""

    def one(item: Any) -> None:
        try:
            work(item)
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(one, items))


def test_all_fail_all_owners_are_told_once_and_all_are_recovered(
    tmp_path: Path, settings: Any
) -> None:
    settings.STIGMER_FUNCTION_MODULES = ["tests.driving.functions"]
    owners = [User.objects.create_user(f"owner{number}") for number in range(5)]
    workflow = apply_definition(TEXT.format(folder=tmp_path), owners[0]).workflow
    made = [start(workflow, owners[n % 5], input={"n": n}) for n in range(HOW_MANY)]
    process = Process.objects.create(kind="worker", host="test", pid=1, slots=50)
    store, running = writers(), Running()

    def drive(execution: Execution) -> None:
        advance(execution.pk, process_id=process.pk, store=store, running=running)

    try:
        all_at_once(drive, made, threads=50)
        assert Execution.objects.filter(phase=Phase.FAILED).count() == HOW_MANY
        assert Notification.objects.filter(event__name="WORKFLOW_STEP_FAILED").count() == HOW_MANY
        assert all(owner.notifications.count() == HOW_MANY // 5 for owner in owners)
        all_at_once(
            lambda execution: decisions.recover(execution.pk, execution.owner), made, threads=6
        )
        all_at_once(drive, made, threads=50)
    finally:
        store.close()
    assert Execution.objects.filter(phase=Phase.COMPLETED).count() == HOW_MANY
    assert Event.objects.filter(name="WORKFLOW_RECOVERED").count() == HOW_MANY
    assert AuditEntry.objects.filter(verb="recover", outcome=audit.DONE).count() == HOW_MANY
    assert not list(audit.problems())
