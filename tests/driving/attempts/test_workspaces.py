"""A run with a workspace: made as its first step, shared by its commands, by no other run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from executions.alone import alone_in
from executions.blobs import Folder
from executions.models import Artifact, Step, Workspace
from executions.sandbox.promises import RISKS
from executions.verbs.deciding import decisions
from executions.verbs.deciding.restore import restore
from executions.workspaces import caring
from tests.driving.attempts.repositories import git, shop
from tests.driving.crashing import drive_and_die, drive_on
from tests.people import confirmed

pytestmark = [pytest.mark.django_db, pytest.mark.database]
GIT = "workspace: {git: {repository: shop}}\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workspaces")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return shop(tmp_path / "shop")


@pytest.fixture(autouse=True)
def surroundings(settings: Any, folder: Path, tmp_path: Path, repository: Path) -> None:
    settings.STIGMER_WORKSPACE_FOLDER = folder
    settings.STIGMER_ARTIFACTS = tmp_path / "artifacts"
    settings.STIGMER_COMMANDS_MAY = list(RISKS)
    settings.STIGMER_REPOSITORIES = {"shop": str(repository)}


def test_the_commands_of_a_run_share_its_folder_and_no_other_run_has_it(
    begin: Any, drive: Any, folder: Path
) -> None:
    tasks = """workspace: temporary
do:
- write: {run: {shell: {command: 'ls; echo one > file'}}}
- read: {run: {shell: {command: cat file}}}
"""
    one, other = (drive(begin(tasks, name=name)) for name in ("one", "other"))
    assert (one.phase, one.output) == ("COMPLETED", "one"), one.error
    assert Step.objects.get(execution=other, name="write").output == "", "it begins empty"
    first, second = Workspace.objects.get(execution=one), Workspace.objects.get(execution=other)
    assert first.name != second.name
    assert (folder / first.name / "work" / "file").read_text() == "one\n"
    made = Step.objects.get(execution=one, path="/~workspace")
    assert made.output == {"path": f"{folder.name}/{first.name}"}, "never a path of the host"


def test_a_clone_has_a_branch_of_its_own_and_what_it_changed_is_a_patch(
    begin: Any, drive: Any, repository: Path, tmp_path: Path
) -> None:
    tasks = (
        GIT
        + """do:
- change: {run: {shell: {command: 'echo 200 > price.txt; git commit -qam Dearer; echo x > rest'}}}
- where: {run: {shell: {command: git branch --show-current}}}
"""
    )
    execution = drive(begin(tasks))
    assert execution.phase == "COMPLETED", execution.error
    assert execution.output == f"stigmer/{execution.public_id}"
    assert caring.examine_ended(lambda: False) == 1
    workspace = Workspace.objects.get(execution=execution)
    assert workspace.problem == ""
    assert workspace.start_commit == git(repository, "rev-parse", "HEAD")
    assert workspace.end_commit not in ("", workspace.start_commit)
    assert (workspace.files_changed, workspace.insertions, workspace.deletions) == (2, 2, 1)
    assert workspace.uncommitted == 1
    patch = Artifact.objects.get(execution=execution, name="changes.patch")
    with Folder(tmp_path / "artifacts").open(patch.digest) as file:
        text = file.read().decode()
    assert "-100\n+200\n" in text
    assert "rest" in text
    assert git(repository, "branch", "--list") == "* main", "nothing goes to the repository itself"


def test_a_repository_that_nobody_named_is_refused_with_those_that_are(
    begin: Any, drive: Any
) -> None:
    execution = drive(begin("workspace: {git: {repository: other}}\ndo: [{a: {set: {x: 1}}}]\n"))
    assert execution.phase == "FAILED"
    assert "Named are: shop" in execution.error["detail"]


def test_files_that_a_step_names_are_kept_with_the_run(begin: Any, drive: Any) -> None:
    tasks = """do:
- write:
    run: {shell: {command: 'mkdir out; echo fine > out/report.txt'}}
    metadata: {artifacts: [out/report.txt]}
"""
    execution = drive(begin(tasks))
    assert execution.phase == "COMPLETED", execution.error
    kept = Artifact.objects.get(execution=execution)
    assert (kept.name, kept.path, kept.size) == ("out/report.txt", "/write", 5)


@pytest.mark.parametrize(
    "trap",
    ["ln -s /etc/hostname it", "mkfifo it", "mkdir it", "ln -s / d; ln -s d/etc/hostname it"],
)
def test_an_artifact_that_is_a_trap_is_not_kept(begin: Any, drive: Any, trap: str) -> None:
    tasks = f"do:\n- a:\n    run: {{shell: {{command: '{trap}'}}}}\n"
    execution = drive(begin(tasks + "    metadata: {artifacts: [it]}\n"))
    assert execution.phase == "FAILED"
    assert not Artifact.objects.filter(execution=execution).exists()


def test_what_is_kept_no_longer_goes_and_what_is_in_use_or_persistent_never(
    begin: Any, drive: Any, folder: Path
) -> None:
    tasks = "workspace: {keep: {afterSuccess: 0}%s}\ndo: [{a: {set: {x: 1}}}]\n"
    gone, kept = drive(begin(tasks % "")), drive(begin(tasks % ", persistent: true", name="kept"))
    asks = "- ask: {call: human, with: {prompt: Well?}}\n"
    active = drive(begin(f"workspace: {{keep: {{afterSuccess: 0}}}}\ndo:\n{asks}", name="active"))
    caring.examine_ended(lambda: False)
    for removal in list(caring.removals()):
        caring.carry_out(removal)
    there = {row.execution_id: row.is_there for row in Workspace.objects.all()}
    assert there == {gone.pk: False, kept.pk: True, active.pk: True}
    for execution in (gone, kept, active):
        assert (folder / execution.pk.hex).is_dir() is there[execution.pk]


def test_a_workspace_that_could_not_be_made_is_made_by_a_retry(
    begin: Any, drive: Any, settings: Any, repository: Path, alice: User
) -> None:
    named, settings.STIGMER_REPOSITORIES = settings.STIGMER_REPOSITORIES, {}
    execution = drive(begin(GIT + "do: [{a: {run: {shell: {command: cat price.txt}}}}]\n"))
    assert (execution.phase, execution.current_step) == ("FAILED", "/~workspace")
    settings.STIGMER_REPOSITORIES = named
    decisions.retry(execution.pk, alice)
    execution = drive(execution)
    assert (execution.phase, execution.output) == ("COMPLETED", "100")


def test_no_further_workspace_is_made_while_all_of_them_take_too_much_disk(
    begin: Any, drive: Any, alice: User, settings: Any
) -> None:
    settings.STIGMER_WORKSPACES_BYTES = 2**20
    one = drive(begin("workspace: temporary\ndo:\n- a: {set: {n: 1}}\n", name="one"))
    assert one.phase == "COMPLETED"
    Workspace.objects.update(size_bytes=2 * 2**20)
    other = drive(begin("workspace: temporary\ndo:\n- a: {set: {n: 2}}\n", name="other"))
    assert other.phase == "FAILED"
    assert "The workspaces take 2 MiB of 1 MiB" in other.failure_reason
    Workspace.objects.filter(execution=one).update(size_bytes=0)
    decisions.retry(other.pk, alice)
    other = drive(other)
    assert (other.phase, other.output) == ("COMPLETED", {"n": 2})


def test_a_clone_with_a_file_that_does_not_fit_whole_is_none(
    begin: Any, drive: Any, settings: Any, folder: Path, tmp_path: Path
) -> None:
    repository = shop(tmp_path / "large")
    (repository / "zeros").write_bytes(bytes(12 << 20))
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "Few bytes, until they are unpacked")
    settings.STIGMER_REPOSITORIES = {"large": str(repository)}
    settings.STIGMER_WORKSPACE_BYTES = 8 << 20
    tasks = "workspace: {git: {repository: large}}\ndo: [{a: {run: {shell: {command: ls}}}}]\n"
    execution = drive(begin(tasks))
    assert execution.phase == "FAILED"
    assert "The clone could not be made" in execution.failure_reason
    assert not (folder / Workspace.objects.get(execution=execution).name).exists()


def test_a_restore_to_the_beginning_makes_another_one(begin: Any, drive: Any) -> None:
    tasks = """workspace: temporary
do:
- look: {run: {shell: {command: 'ls; echo x > file'}}}
- fail: {run: {shell: {command: exit 3}}}
"""
    execution = drive(begin(tasks))
    restore(execution.pk, confirmed(User.objects.create_superuser("admin")), 0, reason="again")
    drive(execution)
    looks = Step.objects.filter(execution=execution, name="look").order_by("id")
    assert [step.output for step in looks] == ["", ""], "each began with an empty folder"


@pytest.mark.parametrize("after", [False, True])
def test_whenever_its_process_dies_a_command_in_a_workspace_ran_once_or_a_person_is_asked(
    begin: Any, folder: Path, after: bool
) -> None:
    tasks = "workspace: temporary\ndo: [{a: {run: {shell: {command: 'echo x >> it; cat it'}}}}]\n"
    ends, at = set(), 1
    while True:
        execution = begin(tasks, name=f"died-{at}-{after}")
        died = drive_and_die(execution, at, after=after)
        execution = drive_on(execution)
        kept = folder / execution.pk.hex / "work" / "it"
        lines = kept.read_text() if kept.exists() else ""
        ends.add((execution.phase, execution.waiting_for))
        assert lines in ("", "x\n"), f"it ran twice after transaction {at}"
        if execution.phase == "COMPLETED":
            assert execution.output == "x"
        else:
            assert execution.waiting_for == "decision"
        if not died:
            break
        at += 1
    assert ends == {("COMPLETED", ""), ("WAITING", "decision")}


@pytest.mark.parametrize("page", ["execution", "execution-graph", "execution-checkpoints"])
def test_the_pages_of_a_run_show_the_step_that_made_it(
    begin: Any, drive: Any, client: Client, alice: User, page: str
) -> None:
    execution = drive(begin(GIT + "do: [{a: {set: {x: 1}}}]\n"))
    caring.examine_ended(lambda: False)
    client.force_login(alice)
    answer = client.get(reverse(page, args=[execution.public_id]))
    assert answer.status_code == 200
    if page == "execution":
        assert f"stigmer/{execution.public_id}" in answer.content.decode()


def test_one_worker_of_a_host_looks_at_what_has_ended(begin: Any, drive: Any, folder: Path) -> None:
    drive(begin("workspace: temporary\ndo: [{a: {run: {shell: {command: 'true'}}}}]\n"))
    with alone_in(folder) as is_alone:
        assert is_alone
        assert caring.examine_ended(lambda: False) == 0
    assert caring.examine_ended(lambda: False) == 1
    assert caring.examine_ended(lambda: False) == 0


def test_commands_of_branches_work_in_the_folder_at_the_same_time(begin: Any, drive: Any) -> None:
    meets = "{run: {shell: {command: 'touch %s; until test -e %s; do sleep 0.05; done; ls'}}}"
    tasks = f"""workspace: temporary
do:
- both:
    fork:
      branches:
      - one: {meets % ("one", "other")}
      - other: {meets % ("other", "one")}
- after: {{run: {{shell: {{command: ls}}}}}}
"""
    execution = drive(begin(tasks))
    assert execution.phase == "COMPLETED", execution.error
    assert execution.output.split() == ["one", "other"]
    told = Step.objects.filter(execution=execution, name__in=["one", "other"])
    assert [step.output.split() for step in told] == [["one", "other"]] * 2, "each saw the other"
