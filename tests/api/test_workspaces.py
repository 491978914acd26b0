"""Workspaces and the files that runs have left, through the API."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from executions.models import Artifact, Execution, Workspace
from executions.workspaces.caring import storage
from tests.api.conftest import problem

pytestmark = [pytest.mark.django_db, pytest.mark.database]
WRITTEN = b"<script>alert(1)</script>\n" * 40_000


@pytest.fixture
def run(alice: Any, failed: Any, settings: Any, tmp_path: Path) -> Execution:
    settings.STIGMER_ARTIFACTS = tmp_path
    execution: Execution = failed()
    Workspace.objects.create(
        execution=execution, name=execution.pk.hex, host="north", repository="shop", branch="b"
    )
    kept = storage().put(BytesIO(WRITTEN), 10**7)
    Artifact.objects.create(
        execution=execution, name="out/report.html", path="/a", digest=kept.digest, size=kept.size
    )
    return execution


def test_the_workspace_of_a_run_is_told_and_no_path_of_the_host(
    client: Client, alice: Any, run: Execution
) -> None:
    client.force_login(alice)
    address = f"/api/v1/workflow-executions/{run.public_id}/workspace"
    told = client.get(address).json()
    assert (told["host"], told["repository"], told["state"]) == ("north", "shop", "making")
    assert not told["path"].startswith("/")
    listed = client.get("/api/v1/workspaces").json()
    assert [each["id"] for each in listed["items"]] == [told["id"]]


def test_a_file_is_downloaded_as_it_was_written_and_never_shown_as_a_page(
    client: Client, alice: Any, run: Execution
) -> None:
    client.force_login(alice)
    address = f"/api/v1/workflow-executions/{run.public_id}/artifacts"
    (item,) = client.get(address).json()["items"]
    assert (item["name"], item["step"], item["size"]) == ("out/report.html", "/a", len(WRITTEN))
    answer = client.get(item["links"]["content"])
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == 'attachment; filename="report.html"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert b"".join(answer) == WRITTEN


def test_a_file_of_another_run_is_not_found_by_its_id(
    client: Client, alice: Any, run: Execution, failed: Any
) -> None:
    client.force_login(alice)
    other = failed(optional=True)
    artifact = Artifact.objects.get(execution=run)
    address = f"/api/v1/workflow-executions/{other.public_id}/artifacts/{artifact.public_id}"
    assert client.get(address).status_code == 404
    assert client.get(f"{address}/content").status_code == 404


def test_a_start_says_where_the_run_works_and_its_key_covers_that(owner, workflow, worker) -> None:
    body = {"workspace": "temporary"}
    first = owner.post("workflows/orders/run", body, Idempotency_Key="one").json()
    again = owner.post("workflows/orders/run", body, Idempotency_Key="one").json()
    assert first["id"] == again["id"]
    read = owner.get(f"workflow-executions/{first['id']}").json()
    assert read["spec"]["workspace"] == "temporary"
    other = owner.post("workflows/orders/run", {"workspace": "none"}, Idempotency_Key="one")
    problem(other, 422, "key-reused")
    refused = owner.post("workflows/orders/run", {"workspace": {"git": {"repository": "nowhere"}}})
    told = problem(refused, 400, "invalid-argument")
    assert told["errors"][0]["pointer"] == "#/workspace/git/repository"
