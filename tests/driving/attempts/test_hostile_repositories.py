"""A repository that means harm: what git would run of it runs inside the walls, or not at all."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from executions.blobs import Folder
from executions.models import Artifact, Execution, Workspace
from executions.sandbox import walls
from executions.workspaces import caring
from tests.driving.attempts.repositories import git

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(walls.bubblewrap() is None, reason="bubblewrap is not installed"),
]
HEAD = "workspace: {git: {repository: shop}}\ndo:\n"
# Whatever git may be told to run; each leaves a mark where it runs.
PLANTED = """
mark() { printf '#!/bin/sh\\necho "$0" >> /workspace/ran; echo x > MARK\\ncat\\n' > "$1"; chmod +x "$1"; }
mkdir -p .git/hooks
for hook in pre-commit post-checkout post-commit post-index-change reference-transaction; do
  mark .git/hooks/$hook; done
mark /workspace/program
git config core.fsmonitor /workspace/program
git config filter.e.clean /workspace/program
git config filter.e.smudge /workspace/program
git config filter.e.process /workspace/program
git config diff.e.textconv /workspace/program
git config diff.external /workspace/program
git config core.pager /workspace/program
git config core.sshCommand /workspace/program
git config core.alternateRefsCommand /workspace/program
git config gpg.program /workspace/program
git config commit.gpgsign true
git config include.path /workspace/included
git config core.hooksPath .git/hooks
echo '* filter=e diff=e' > .gitattributes
echo /etc > .git/objects/info/alternates.more
ln -s /etc/passwd link
ln -s MARK outside
printf x > "$(printf 'a\\nname')"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workspaces")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    found = tmp_path / "shop"
    git(tmp_path, "init", "-q", "-b", "main", str(found))
    (found / "price.txt").write_text("100\n")
    (found / ".gitmodules").write_text(
        '[submodule "x"]\n\tpath = x\n\turl = ext::sh -c "touch never"\n'
    )
    (found / ".gitattributes").write_text("*.txt filter=e\n")
    (found / "link").symlink_to("/etc/passwd")
    git(found, "add", "-A")
    git(found, "commit", "-qm", "A price")
    return found


@pytest.fixture(autouse=True)
def surroundings(settings: Any, folder: Path, tmp_path: Path, repository: Path) -> None:
    settings.STIGMER_WORKSPACE_FOLDER = folder
    settings.STIGMER_ARTIFACTS = tmp_path / "artifacts"
    settings.STIGMER_REPOSITORIES = {"shop": str(repository)}


def test_what_a_run_plants_for_git_does_nothing_outside_of_its_folder(
    begin: Any, drive: Any, tmp_path: Path, repository: Path, folder: Path
) -> None:
    outside = tmp_path / "mark"
    outside.mkdir()
    script = PLANTED.replace("MARK", f"{outside}/x").replace("\n", "\n            ")
    tasks = f"""{HEAD}- plant:
    run:
      shell:
        command: |
            {script}
"""
    execution = drive(begin(tasks))
    assert execution.phase == "COMPLETED", execution.error
    before = git(repository, "rev-parse", "HEAD")
    caring.examine_ended(lambda: False)
    assert list(outside.iterdir()) == [], "nothing ran outside of the walls"
    workspace = Workspace.objects.get(execution=execution)
    ran = folder / workspace.name / "work" / "ran"
    assert ran.exists(), "git did run them, inside: the test plants what works"
    assert git(repository, "rev-parse", "HEAD") == before
    assert not git(repository, "status", "--porcelain")
    for patch in Artifact.objects.filter(execution=execution):
        with Folder(tmp_path / "artifacts").open(patch.digest) as file:
            assert b"root:" not in file.read(), "a link is a link, not what it leads to"


@pytest.mark.parametrize(
    "trap",
    [
        "rm -rf .git; ln -s /etc .git",
        "rm -rf .git; echo 'gitdir: /etc' > .git",
        "echo /etc > .git/objects/info/alternates",
        "rm -rf .git",
        "echo junk > .git/HEAD",
        "git config core.worktree /etc",
        "git config core.bare true",
    ],
)
def test_a_repository_that_was_broken_is_a_problem_that_is_shown(
    begin: Any, drive: Any, trap: str
) -> None:
    execution = drive(begin(f'{HEAD}- a: {{run: {{shell: {{command: "{trap}"}}}}}}\n'))
    assert execution.phase == "COMPLETED", execution.error
    caring.examine_ended(lambda: False)
    workspace = Workspace.objects.get(execution=execution)
    assert workspace.is_examined
    assert workspace.keep_until is not None
    assert workspace.problem or workspace.files_changed is not None


def test_a_run_can_write_neither_the_mirror_nor_what_others_have(begin: Any, drive: Any) -> None:
    line = "git --git-dir /mirror update-ref refs/heads/main HEAD~0; echo x > /mirror/x; exit 0"
    tasks = f"{HEAD}- a: {{run: {{shell: {{command: '{line}'}}, return: stderr}}}}\n"
    execution = drive(begin(tasks))
    assert "Read-only file system" in execution.output


@pytest.mark.django_db(transaction=True)
def test_twenty_runs_of_one_repository_at_once_do_not_meet(begin: Any, drive: Any) -> None:
    tasks = """- change:
    run:
      shell:
        command: 'echo "$NAME" > price.txt; git commit -qam "$NAME"; git log -1 --format=%s; cat price.txt'
        environment: {NAME: '${ .name }'}
"""
    begun = [begin(HEAD + tasks, {"name": f"run {n}"}, name="many") for n in range(20)]
    gate = threading.Barrier(4)

    def drive_some(place: int) -> None:
        gate.wait()
        try:
            for execution in begun[place::4]:
                drive(execution)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(drive_some, range(4)))
    for number, execution in enumerate(begun):
        found = Execution.objects.get(pk=execution.pk)
        assert (found.phase, found.output) == ("COMPLETED", f"run {number}\nrun {number}")
    caring.examine_ended(lambda: False)
    assert Workspace.objects.filter(problem="", files_changed=1).count() == 20
