"""Sensitive values of results: what came since is read, and what was known stays."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from executions import sight
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import Execution, Step
from executions.showing import LABEL

pytestmark = [pytest.mark.database, pytest.mark.django_db]
TEXT = """document: {dsl: '1.0.0', namespace: tests, name: learns, version: '1.0.0'}
do: [{a: {set: {n: 1}}}]
"""
Finish = Callable[[object], None]


@pytest.fixture
def run(db: None) -> Execution:
    owner = User.objects.create_user(f"owner-{uuid.uuid4().hex[:8]}")
    return start(apply_definition(TEXT, owner).workflow, owner, input={})


@pytest.fixture
def finish(run: Execution) -> Finish:
    """One more step of the run has this result."""

    def finished(output: object) -> None:
        run.head_seq += 1
        path = f"/step-{run.head_seq}"
        given = {"kind": "set", "status": "COMPLETED", "seq": run.head_seq, "output": output}
        Step.objects.create(execution=run, path=path, name="step", **given)
        Execution.objects.filter(pk=run.pk).update(head_seq=run.head_seq)

    return finished


def test_what_came_since_is_learnt_and_what_was_known_stays(run: Execution, finish: Finish) -> None:
    finish({"password": "first-one-1"})
    assert sight.mask_of(run).value("it is first-one-1") == f"it is {LABEL}"
    finish({"deep": [{"apiKey": "second-one-2"}]})
    finish({"city": "Ghent"})
    mask = sight.mask_of(run)
    assert mask.value(["first-one-1", "second-one-2", "Ghent"]) == [LABEL, LABEL, "Ghent"]


def test_what_has_not_moved_on_is_not_read_again(
    run: Execution, finish: Finish, django_assert_num_queries: Callable[[int], object]
) -> None:
    finish({"password": "first-one-1"})
    sight.mask_of(run)
    # The definition alone.
    with django_assert_num_queries(1):  # type: ignore[attr-defined]
        sight.mask_of(run)
