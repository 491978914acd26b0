"""The live stack by the API: what the worker answered, and the trail."""

from __future__ import annotations

from typing import Any

import pytest

from executions import clock
from executions.models import AuditEntry, Execution
from executions.streams import asking

pytestmark = pytest.mark.django_db
FRAME = {"file": "shop/stock.py", "line": 42, "function": "<lambda>"}


def test_support_reads_names_and_lines_and_it_is_audited(
    people: Any, failed: Any, worker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = failed()
    Execution.objects.filter(pk=run.pk).update(
        phase="IN_PROGRESS", process=worker, wake_at=None, failed_at=None, started_at=clock.now()
    )
    call = {"function": "shop.count", "path": "/count", "stacks": [[FRAME]]}
    monkeypatch.setattr(asking, "ask", lambda process_id, execution_id: [call])
    path = f"workflow-executions/{run.public_id}/stack"
    assert people["owner"].post(path).status_code == 403
    assert people["support"].post(path).json() == {"said": "", "calls": [call]}
    entry = AuditEntry.objects.get(verb="read stack")
    assert entry.execution_id == run.pk and entry.actor == people["support"].user
