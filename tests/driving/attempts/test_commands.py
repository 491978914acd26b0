"""Commands as steps of a run: what they give, what is kept of what they write, and their retries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from executions.models import Attempt, Step
from executions.sandbox.promises import RISKS

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workspaces")


@pytest.fixture(autouse=True)
def surroundings(settings: Any, folder: Path) -> None:
    settings.STIGMER_WORKSPACE_FOLDER = folder
    settings.STIGMER_COMMANDS_MAY = list(RISKS)


def test_a_line_is_a_step_and_what_it_wrote_is_kept_with_its_attempt(
    begin: Any, drive: Any
) -> None:
    tasks = """do:
- say:
    run: {shell: {command: 'echo hello; echo aside >&2; echo', arguments: ['${ .name }']}}
- think:
    run:
      script: {language: python, code: 'print(len(name))', arguments: {name: '${ . }'}}
"""
    execution = drive(begin(tasks, {"name": "Ada"}))
    assert (execution.phase, execution.output) == ("COMPLETED", "9")
    say = Step.objects.get(execution=execution, name="say")
    assert (say.kind, say.output) == ("call", "hello\nAda")
    kept = Attempt.objects.get(step=say)
    assert (kept.outcome, sorted(kept.log.split())) == ("succeeded", ["Ada", "aside", "hello"])


def test_an_exit_code_that_passes_is_tried_again_and_another_is_not(begin: Any, drive: Any) -> None:
    tasks = "do:\n- say: {run: {shell: {command: 'echo why >&2; exit %d'}}}\n"
    execution = drive(begin(tasks % 75))
    assert (execution.phase, execution.error["detail"]) == ("FAILED", "Exit code 75: why")
    assert Attempt.objects.filter(step__execution=execution).count() == 4
    execution = drive(begin(tasks % 3))
    assert Attempt.objects.filter(step__execution=execution).count() == 1


def test_a_failed_line_can_be_caught(begin: Any, drive: Any) -> None:
    tasks = """do:
- it:
    try: [{say: {run: {shell: {command: exit 3}}}}]
    catch: {as: problem, do: [{seen: {set: {why: '${ $problem.detail }'}}}]}
"""
    assert drive(begin(tasks)).output == {"why": "Exit code 3: it wrote nothing"}


def test_one_that_nobody_waits_for_gives_its_input_on(begin: Any, drive: Any) -> None:
    tasks = "do:\n- say: {run: {shell: {command: exit 3}, await: false}}\n"
    execution = drive(begin(tasks, {"x": 1}))
    assert (execution.phase, execution.output) == ("COMPLETED", {"x": 1})
