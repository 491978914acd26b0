"""What people see of retention: the mark of an archived run, a file to download, health."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions import clock, tokens
from executions.health.checks import State, check_growth
from executions.health.metrics import exposition
from executions.models import AuditEntry, Execution, Turn
from executions.retention import forecast, space
from executions.retention.preview import preview
from tests.retention.conftest import FAILS, pruned

pytestmark = pytest.mark.django_db
Make = Callable[..., Execution]


@pytest.mark.parametrize("tab", ["", "events", "audit", "graph", "values"])
def test_a_link_to_an_archived_run_says_what_became_of_it(
    ended: Make, client: Client, alice: User, bob: User, tab: str
) -> None:
    run = ended()
    pruned()
    client.force_login(alice)
    answer = client.get(f"/executions/{run.public_id}/{tab}")
    text = answer.content.decode()
    assert answer.status_code == 410
    assert f"--id {run.public_id}" in text and "runs-" in text
    client.force_login(bob)
    assert client.get(f"/executions/{run.public_id}/{tab}").status_code == 404


def test_the_api_says_it_too_and_to_nobody_else(
    ended: Make, client: Client, alice: User, bob: User
) -> None:
    run = ended()
    pruned()
    for user, words in ((alice, "was archived on"), (bob, "There is no workflow execution")):
        secret = tokens.mint(user, "x", ["read"]).secret
        headers = {"Authorization": f"Bearer {secret}"}
        answer = client.get(f"/api/v1/workflow-executions/{run.public_id}", headers=headers)
        assert (answer.status_code, words in answer.json()["detail"]) == (404, True)


def test_a_run_is_downloaded_from_its_page_and_that_is_kept(
    ended: Make, client: Client, alice: User
) -> None:
    run = ended()
    client.force_login(alice)
    assert "export" in client.get(f"/executions/{run.public_id}/").content.decode()
    answer = client.get(f"/executions/{run.public_id}/export")
    assert answer.headers["Content-Disposition"].endswith(f'{run.public_id}.jsonl.gz"')
    assert b'"t":"executions.step"' in gzip.decompress(answer.content)
    assert AuditEntry.objects.get(verb="export").actor_name == "alice"


def test_a_dry_run_says_what_would_go_and_what_stays(ended: Make) -> None:
    ended()
    ended()
    ended(FAILS)
    found = preview()
    assert [(each.subject, each.phase, each.executions) for each in found.going] == [
        ("one", "COMPLETED", 2)
    ]
    assert (found.executions, found.unacknowledged, found.with_family) == (2, 1, 0)
    assert Execution.objects.count() == 3


def test_growth_is_measured_and_told(ended: Make) -> None:
    ended()
    assert "not measured yet" in check_growth().detail
    first = forecast.measure()
    assert (first.runs, first.bytes_a_day) == (1, None)
    assert "known after an hour" in check_growth().detail
    used = space.size().used
    long_ago = clock.now() - timedelta(hours=12)
    before = first.model_copy(
        update={
            "at": long_ago,
            "samples": (forecast.Sample(at=long_ago, used=used - 10_000_000),),
        }
    )
    Turn.objects.filter(pk=forecast.NAME).update(value=before.model_dump_json())
    after = forecast.measure()
    assert after.bytes_a_day is not None and 19_000_000 < after.bytes_a_day < 21_000_000
    Turn.objects.filter(pk=forecast.NAME).update(
        value=after.model_copy(update={"days_to_full": 3.0}).model_dump_json()
    )
    check = check_growth()
    assert (check.state, check.figure) == (State.WARNING, 3.0)
    assert "the disk is full in 3 days" in check.detail and "STIGMER_RETENTION" in check.remedy
    said = exposition()
    for line in ("stigmer_days_to_full 3.0", 'stigmer_rows_a_day{of="executions"} 1.0'):
        assert line in said
