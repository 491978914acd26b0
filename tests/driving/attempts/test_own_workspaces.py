"""A run names another workspace than its definition does, within what its owner may use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from executions import secret_access
from executions.errors import Refused
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import Execution, Step, Workspace
from executions.sandbox.promises import RISKS
from executions.secrets import Rule
from executions.verbs.deciding.fork import fork
from tests.driving.attempts.repositories import shop
from tests.driving.conftest import HEAD

pytestmark = [pytest.mark.django_db, pytest.mark.database]
TASKS = """do:
- write: {run: {shell: {command: 'ls; echo one > file'}}}
- read: {run: {shell: {command: 'cat file || true'}}}
"""


@pytest.fixture(autouse=True)
def surroundings(settings: Any, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    settings.STIGMER_WORKSPACE_FOLDER = tmp_path_factory.getbasetemp() / "own"
    settings.STIGMER_ARTIFACTS = tmp_path / "artifacts"
    settings.STIGMER_COMMANDS_MAY = list(RISKS)
    settings.STIGMER_REPOSITORIES = {"shop": str(shop(tmp_path / "shop"))}


def _begun(owner: User, own: Any, top: str = "", *, by: User | None = None) -> Execution:
    applied = apply_definition(HEAD % "one" + top + TASKS, by or owner)
    return start(applied.workflow, owner, input={}, own_workspace=own)


@pytest.mark.parametrize(
    ("top", "own", "rows", "read"),
    [
        ("", "temporary", 1, "one"),
        ("workspace: temporary\n", "none", 0, ""),
        ("workspace: temporary\n", None, 1, "one"),
        ("workspace: none\n", {"git": {"repository": "shop"}}, 1, "one"),
        ("workspace: temporary\n", {"git": {"repository": "shop", "branch": "mine"}}, 1, "one"),
        ("workspace: {git: {repository: shop}}\n", "temporary", 1, "one"),
    ],
)
def test_a_run_works_where_it_says_and_else_where_its_definition_says(
    alice: User, drive: Any, top: str, own: Any, rows: int, read: str
) -> None:
    execution = drive(_begun(alice, own, top))
    assert (execution.phase, execution.output) == ("COMPLETED", read), execution.error
    assert execution.own_workspace == own
    made = list(Workspace.objects.filter(execution=execution))
    assert len(made) == rows
    git = own.get("git") if isinstance(own, dict) else None
    if git:
        seen = Step.objects.get(execution=execution, name="write").output.split()
        assert "price.txt" in seen
        assert made[0].repository == "shop"
        assert made[0].branch == git.get("branch", f"stigmer/{execution.public_id}")


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ("elsewhere", "/workspace"),
        ("", "/workspace"),
        (7, "/workspace"),
        ([], "/workspace"),
        ({"git": {}}, "/workspace/git/repository"),
        ({"git": {"repository": "other"}}, "/workspace/git/repository"),
        ({"git": {"repository": "file:///etc"}}, "/workspace/git/repository"),
        ({"git": {"repository": "https://example.org/x.git"}}, "/workspace/git/repository"),
        ({"git": {"repository": "shop", "base": "--upload-pack=x"}}, "/workspace/git/base"),
        ({"git": {"repository": "${ .x }"}}, "/workspace/git/repository"),
        ({"folder": "/etc"}, "/workspace/folder"),
        ({"git": {"repository": "x" * 5_000}}, "/workspace"),
    ],
)
def test_another_workspace_than_there_may_be_is_refused_and_nothing_is_stored(
    alice: User, own: Any, said: str
) -> None:
    with pytest.raises(Refused) as refused:
        _begun(alice, own)
    assert refused.value.code == "invalid"
    assert [each.pointer for each in refused.value.findings] == [said]
    assert not Execution.objects.exists()


def test_an_external_runner_is_told_that_it_says_where_it_works(alice: User) -> None:
    workflow = apply_definition(HEAD % "one" + TASKS, alice).workflow
    with pytest.raises(Refused, match="runner of its own"):
        start(workflow, alice, input={}, own_workspace="temporary", runner="external")


WITH_SECRET = """use: {secrets: [key]}
do:
- write: {run: {shell: {command: 'sh tests.sh', environment: {KEY: '${ $secrets.key }'}}}}
"""
WITH_NETWORK = "do:\n- a: {run: {shell: {command: 'sh tests.sh'}}, metadata: {network: true}}\n"


@pytest.mark.parametrize(
    ("tasks", "what"), [(WITH_SECRET, "secrets"), (WITH_NETWORK, "the network")]
)
def test_a_repository_gets_no_secrets_and_no_network_of_a_workflow_from_a_stranger_to_it(
    alice: User, bob: User, settings: Any, monkeypatch: pytest.MonkeyPatch, tasks: str, what: str
) -> None:
    settings.STIGMER_COMMANDS_MAY += ["reach-the-network:tests/one"]
    monkeypatch.setattr(secret_access, "rules", lambda: {"key": Rule(owners=frozenset({"alice"}))})
    workflow = apply_definition(HEAD % "one" + tasks, alice).workflow
    git = {"git": {"repository": "shop"}}
    with pytest.raises(Refused, match=f"Commands of one have {what}") as refused:
        start(workflow, bob, input={}, own_workspace=git)
    assert refused.value.code == "forbidden"
    # A folder without foreign files gives nobody anything.
    assert start(workflow, bob, input={}, own_workspace="temporary")
    assert start(workflow, alice, input={}, own_workspace=git)


def test_a_person_who_may_not_use_a_secret_gives_it_to_no_repository(
    alice: User, monkeypatch: pytest.MonkeyPatch, bob: User
) -> None:
    monkeypatch.setattr(secret_access, "rules", lambda: {"key": Rule(owners=frozenset({"alice"}))})
    workflow = apply_definition(HEAD % "one" + WITH_SECRET, alice).workflow
    workflow.owner = bob
    workflow.save()
    with pytest.raises(Refused, match="the secret key, which you may not give"):
        start(workflow, bob, input={}, own_workspace={"git": {"repository": "shop"}})


def test_a_fork_works_where_the_run_before_it_did(alice: User, drive: Any) -> None:
    execution = drive(_begun(alice, "temporary"))
    seq = Step.objects.get(execution=execution, name="write").seq
    assert seq is not None
    made = fork(execution.pk, alice, checkpoint_seq=seq)
    assert Execution.objects.exclude(pk=execution.pk).get().own_workspace == "temporary", made
