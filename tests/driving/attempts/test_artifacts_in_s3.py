"""Files that runs leave, in a storage of another server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions.blobs import exchange
from executions.cli.doctoring import examine
from executions.models import Artifact, Attempt, Execution, Workspace
from executions.sandbox.promises import RISKS
from executions.verbs.deciding import decisions
from executions.workspaces import caring
from tests.blobs.servers import BUCKET, KEY, SECRET, nobody, storage
from tests.driving.attempts.repositories import shop

pytestmark = pytest.mark.django_db
TASKS = """do:
- write:
    run: {shell: {command: 'echo fine > report.txt'}}
    metadata: {artifacts: [report.txt]}
"""


@pytest.fixture(autouse=True)
def surroundings(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.STIGMER_WORKSPACE_FOLDER = tmp_path / "workspaces"
    settings.STIGMER_COMMANDS_MAY = list(RISKS)
    settings.STIGMER_REPOSITORIES = {"shop": str(shop(tmp_path / "shop"))}
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    monkeypatch.setattr(exchange, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(caring, "_forget_at", 0.0)
    monkeypatch.setattr(caring, "_examine_at", 0.0)
    monkeypatch.setattr(caring, "AWAY_SECONDS", 0.0)


@pytest.fixture
def away() -> Iterator[str]:
    """The address of a storage at which nobody listens."""
    with nobody() as address:
        yield address


def content(client: Client, execution: Execution, artifact: Artifact) -> Any:
    here = f"/api/v1/workflow-executions/{execution.public_id}/artifacts/{artifact.public_id}"
    return client.get(f"{here}/content")


def test_a_file_is_stored_there_downloaded_from_there_and_goes_with_its_run(
    begin: Any,
    drive: Any,
    alice: User,
    client: Client,
    settings: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client.force_login(alice)
    with storage(tmp_path / "s3") as settings.STIGMER_ARTIFACTS:
        execution = drive(begin(TASKS))
        assert execution.phase == "COMPLETED", execution.error
        artifact = Artifact.objects.get(execution=execution)
        assert content(client, execution, artifact).getvalue() == b"fine\n"
        assert caring.forget_files() == 0
        monkeypatch.setattr(caring, "YOUNG_SECONDS", -60.0)
        assert caring.forget_files() == 0, "a run has it"
        artifact.delete()
        assert caring.forget_files() == 1
        assert not [each for each in (tmp_path / "s3" / BUCKET).rglob("*") if each.is_file()]


def test_while_it_is_away_the_step_is_tried_again_and_downloads_say_so(
    begin: Any, drive: Any, alice: User, client: Client, settings: Any, tmp_path: Path, away: str
) -> None:
    client.force_login(alice)
    settings.STIGMER_ARTIFACTS = away
    execution = drive(begin(TASKS))
    assert execution.phase == "FAILED"
    assert "could not be stored" in execution.failure_reason
    tries = Attempt.objects.filter(step__execution=execution)
    assert tries.count() == 4 and all("artifact not stored" in each.rule for each in tries)
    decisions.retry(execution.pk, alice)
    with storage(tmp_path / "s3") as settings.STIGMER_ARTIFACTS:
        execution = drive(execution)
        assert execution.phase == "COMPLETED", execution.error
    settings.STIGMER_ARTIFACTS = away
    artifact = Artifact.objects.get(execution=execution)
    told = content(client, execution, artifact)
    assert told.status_code == 503 and "does not answer" in told.content.decode()
    page = client.get(f"/executions/{execution.public_id}/artifacts/{artifact.public_id}")
    assert page.status_code == 503


def test_a_patch_waits_for_it_and_a_git_workspace_is_stored_there(
    begin: Any, drive: Any, settings: Any, tmp_path: Path, away: str
) -> None:
    tasks = (
        "workspace: {git: {repository: shop}}\ndo: [{a: {run: {shell: {command: echo 2 > new}}}}]\n"
    )
    with storage(tmp_path / "s3") as there:
        settings.STIGMER_ARTIFACTS = there
        execution = drive(begin(tasks))
        assert execution.phase == "COMPLETED", execution.error
        saved = Workspace.objects.get(execution=execution)
        assert (saved.saved_problem, len(saved.saved_digest)) == ("", 64)
        settings.STIGMER_ARTIFACTS = away
        caring.examine_ended(lambda: False)
        workspace = Workspace.objects.get(execution=execution)
        assert not workspace.is_examined and "not kept yet" in workspace.problem
        caring.sweep(lambda: False)
        settings.STIGMER_ARTIFACTS = there
        caring.examine_ended(lambda: False)
    workspace = Workspace.objects.get(execution=execution)
    assert workspace.is_examined and workspace.problem == ""
    assert execution.artifacts.get().name == "changes.patch"


def test_the_doctor_says_whether_it_answers(
    settings: Any, tmp_path: Path, away: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # They change the whole process, in which other tests come after this one.
    monkeypatch.setattr("executions.cli.surroundings.use_settings", lambda **_: None)
    monkeypatch.setattr("executions.cli.surroundings.only_read", lambda: None)
    with storage(tmp_path / "s3") as settings.STIGMER_ARTIFACTS:
        found = next(each for each in examine() if each.name == "artifacts")
        assert found.ok, found.detail
    settings.STIGMER_ARTIFACTS = away
    found = next(each for each in examine() if each.name == "artifacts")
    assert not found.ok and "does not answer" in found.detail
