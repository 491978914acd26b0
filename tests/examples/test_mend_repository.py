"""The example that mends a repository, run as it is shipped, in the real sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from executions.models import Artifact, Attempt, Workspace
from executions.sandbox.promises import RISKS
from executions.states import Phase
from executions.workspaces import caring
from stigmer_site.assets import DEMO_REPOSITORY
from tests.examples.conftest import Run

pytestmark = pytest.mark.database


def test_a_failing_test_is_mended_and_the_change_is_kept(
    home: Path, run: Run, settings: Any
) -> None:
    settings.STIGMER_WORKSPACE_FOLDER = home / "workspaces"
    settings.STIGMER_ARTIFACTS = home / "artifacts"
    settings.STIGMER_COMMANDS_MAY = list(RISKS)
    settings.STIGMER_REPOSITORIES = {"demo": str(DEMO_REPOSITORY)}
    execution = run("mend-repository")
    assert execution.phase == Phase.COMPLETED, execution.error
    assert execution.output.endswith("A discount is a part of the whole")
    log = Attempt.objects.get(step__execution=execution, step__name="test").log
    assert "FAIL: test_a_discount_is_a_part_of_the_whole" in log
    caring.examine_ended(lambda: False)
    workspace = Workspace.objects.get(execution=execution)
    assert (workspace.files_changed, workspace.insertions, workspace.deletions) == (1, 1, 1)
    assert workspace.uncommitted == 0
    names = Artifact.objects.filter(execution=execution).values_list("name", flat=True)
    assert set(names) == {"changes.patch", "report.txt"}
