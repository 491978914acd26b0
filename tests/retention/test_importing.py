"""What went to a file comes back as it was, and calls nothing."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models.functions import Now

from executions.driving import chain
from executions.errors import Refused
from executions.models import Execution, ImportedExecution, Step, Workflow
from executions.retention.exporting import export, file_name
from executions.retention.importing import import_runs, listed
from executions.retention.tables import RUN, tables
from executions.verbs.deciding.acknowledging import acknowledge
from executions.verbs.deciding.control import resume
from tests.retention.conftest import FAILS, pruned

pytestmark = [pytest.mark.django_db, pytest.mark.database]
Make = Callable[..., Execution]
# What is another one in every copy.
OTHER = {"id", "slug", "superseded_by_id", "step_id", "execution_id", "head_seq", RUN}


def told(execution: Execution) -> dict[str, list[dict[str, Any]]]:
    """The values of all rows of a run, keys left out."""
    found: dict[str, list[dict[str, Any]]] = {}
    for table in tables():
        rows = table.read([execution.pk])
        kept = [{name: row[name] for name in row.keys() - OTHER} for row in rows]
        found[table.name] = [
            row for row in kept if row.get("name") not in ("WORKFLOW_IMPORTED", "WORKFLOW_PAUSED")
        ]
    for left_out in ("importedexecution", "notification"):
        found.pop(f"executions.{left_out}")
    return found


def test_a_run_that_was_archived_comes_back_as_it_was(
    ended: Make, archives: Path, alice: User
) -> None:
    before = {run.public_id: told(run) for run in (ended(), ended(FAILS))}
    failed = Execution.objects.get(phase="FAILED")
    acknowledge(failed.pk, alice)
    before[failed.public_id] = told(failed)
    pruned()
    (path,) = archives.glob("*.gz")
    assert {each.id for each in listed(path)} == before.keys()
    found = import_runs(path, alice)
    assert len(found) == 2 and all(each.is_whole for each in found)
    for each in found:
        assert told(each.execution) == before[each.from_id]
        assert chain.verify(each.execution) is None
        assert ImportedExecution.objects.get(execution=each.execution).from_id == each.from_id
    assert {each.execution.phase for each in found} == {"COMPLETED", "FAILED"}


def test_a_run_under_way_comes_paused_and_goes_on_when_somebody_resumes_it(
    begin, drive, later, alice: User, tmp_path: Path
) -> None:
    steps = "do:\n  - a: {set: {n: 1}}\n  - b: {wait: {seconds: 60}}\n  - c: {set: {m: 2}}\n"
    run = drive(begin(steps))
    assert run.phase == "WAITING"
    path = tmp_path / file_name(run)
    path.write_bytes(export(run, alice))
    (found,) = import_runs(path, alice)
    copy = found.execution
    assert (copy.phase, copy.pk != run.pk, found.is_whole) == ("PAUSED", True, True)
    names = list(copy.events.order_by("seq").values_list("name", flat=True))
    assert names[-2:] == ["WORKFLOW_IMPORTED", "WORKFLOW_PAUSED"]
    assert drive(copy).phase == "PAUSED"
    resume(copy.pk, alice)
    assert drive(copy).phase == "WAITING"
    later(120)
    Execution.objects.filter(pk=copy.pk).update(wake_at=Now())
    assert drive(copy).phase == "COMPLETED"
    assert Execution.objects.get(pk=run.pk).phase == "WAITING"


def test_an_export_hides_what_people_are_not_shown_and_says_so(
    ended: Make, alice: User, tmp_path: Path
) -> None:
    run = ended()
    placeholder = f"stigmer-secret-abc-{b'token'.hex()}-z"
    Step.objects.filter(execution=run, name="first").update(output={"t": placeholder})
    raw = gzip.decompress(export(run, alice)).decode()
    if placeholder in raw:
        pytest.fail("a placeholder is exported")
    assert "[secret token]" in raw and '"redacted":true' in raw
    path = tmp_path / file_name(run)
    path.write_bytes(gzip.compress(raw.encode()))
    (found,) = import_runs(path, alice)
    assert not found.is_whole


def test_a_stranger_exports_nothing(ended: Make, bob: User) -> None:
    with pytest.raises(Refused) as refused:
        export(ended(), bob)
    assert refused.value.code == "not_found"


def test_a_version_that_is_not_here_is_named_or_applied(
    ended: Make, alice: User, tmp_path: Path
) -> None:
    run = ended()
    path = tmp_path / file_name(run)
    path.write_bytes(export(run, alice))
    run.delete()
    Workflow.objects.update(head_version=None, default_instance=None)
    Workflow.objects.all().delete()
    with pytest.raises(Refused, match="--apply"):
        import_runs(path, alice)
    assert not Execution.objects.exists()
    (found,) = import_runs(path, alice, applies=True)
    assert found.execution.subject.slug == "one"


def test_a_foreign_file_is_read_only_where_somebody_says_so(
    ended: Make, alice: User, tmp_path: Path, settings
) -> None:
    run = ended()
    path = tmp_path / file_name(run)
    path.write_bytes(export(run, alice))
    settings.STIGMER_AUDIT_KEY_FILE = tmp_path / "another-key"
    with pytest.raises(Refused, match="another installation"):
        import_runs(path, alice)
    assert len(import_runs(path, alice, trusts=True)) == 1


def test_only_the_run_that_was_named(ended: Make, archives: Path, alice: User) -> None:
    run, _ = ended(), ended()
    pruned()
    (path,) = archives.glob("*.gz")
    (found,) = import_runs(path, alice, only=run.public_id)
    assert found.from_id == run.public_id
    with pytest.raises(Refused, match="holds no run"):
        import_runs(path, alice, only="wex-00000000000000000000000000")


def test_a_journal_that_was_changed_before_is_not_imported(
    ended: Make, alice: User, tmp_path: Path
) -> None:
    run = ended()
    Step.objects.filter(execution=run, name="first").update(output={"n": 7})
    path = tmp_path / file_name(run)
    path.write_bytes(export(run, alice))
    with pytest.raises(Refused, match="is not what was written"):
        import_runs(path, alice)
    assert Execution.objects.count() == 1
