"""The page that asks a worker where the functions of a run are."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions import clock
from executions.models import Execution, Process
from executions.streams import asking

As = Callable[[User], Client]


def test_support_asks_by_a_press_and_reads_names_and_lines(
    begin: Callable[..., Execution],
    alice: User,
    support: User,
    worker: Process,
    as_: As,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run, asked = begin(), []
    Execution.objects.filter(pk=run.pk).update(
        phase="IN_PROGRESS", process=worker, wake_at=None, started_at=clock.now()
    )
    frame = {"file": "shop/stock.py", "line": 42, "function": "<lambda>"}

    def answer(process_id: object, execution_id: str) -> object:
        asked.append((process_id, execution_id))
        return [{"function": "shop.count", "path": "/count", "stacks": [[frame]]}]

    monkeypatch.setattr(asking, "ask", answer)
    address = f"/executions/{run.public_id}/stack"
    assert address in as_(support).get(f"/executions/{run.public_id}/").content.decode()
    assert address not in as_(alice).get(f"/executions/{run.public_id}/").content.decode()
    assert as_(alice).post(address).status_code == 403
    assert as_(support).get(address).status_code == 200 and asked == []
    page = as_(support).post(address).content.decode()
    assert asked == [(worker.pk, run.public_id)]
    assert "&lt;lambda&gt;" in page and "shop/stock.py" in page and "line 42" in page
