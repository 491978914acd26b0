"""What is kept no longer goes to a file and leaves a mark; everything else stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from executions import audit
from executions.models import (
    Archive,
    AuditEntry,
    Event,
    Execution,
    PrunedExecution,
    RetentionRule,
    Step,
)
from executions.retention import archiving, pruning
from executions.retention.format import ArchiveUnreadable, lines, verify
from executions.verbs.deciding.acknowledging import acknowledge
from tests.retention.conftest import FAILS, pruned

pytestmark = [pytest.mark.django_db, pytest.mark.database]
Make = Callable[..., Execution]


def once() -> int:
    """One batch; how many runs."""
    done = pruning.go_on()
    assert done is not None
    return done.executions


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.jsonl.gz"))


def test_a_run_goes_with_all_its_rows_to_a_signed_file_and_leaves_a_mark(
    ended: Make, archives: Path, alice: User
) -> None:
    runs = [ended() for _ in range(3)]
    steps = Step.objects.count()
    assert pruned() == 3
    assert (
        not Execution.objects.exists() and not Step.objects.exists() and not Event.objects.exists()
    )
    (path,) = files(archives)
    assert verify(path).runs == 3 and verify(path).is_ours
    assert path.stat().st_mode & 0o077 == 0
    told = [said for _, said in lines(path)]
    assert sum(said["t"] == "executions.step" for said in told) == steps
    assert {said["id"] for said in told if said["t"] == "run"} == {run.public_id for run in runs}
    marks = PrunedExecution.objects.order_by("pk")
    assert [mark.public_id for mark in marks] == [run.public_id for run in runs]
    assert {mark.owner_id for mark in marks} == {alice.pk}
    archive = Archive.objects.get()
    assert (archive.executions, archive.bytes) == (3, path.stat().st_size)
    assert f"{archive.sha256}  {path.name}\n" == Path(f"{path}.sha256").read_text()
    assert AuditEntry.objects.get(verb="archive runs").after["executions"] == 3
    assert audit.verify().problems == []


def test_without_a_rule_nothing_goes(ended: Make, settings) -> None:
    settings.STIGMER_RETENTION = {}
    ended()
    assert pruned() == 0


def test_what_is_younger_or_under_way_stays(ended: Make, begin, settings) -> None:
    begin("do:\n  - a: {wait: {days: 3}}\n")
    ended()
    settings.STIGMER_RETENTION = {"COMPLETED": 101}
    assert pruned() == 0
    settings.STIGMER_RETENTION = {"COMPLETED": 99}
    assert pruned() == 1
    assert Execution.objects.count() == 1


def test_a_failure_stays_until_somebody_knows_of_it(ended: Make, alice: User) -> None:
    failed = ended(FAILS)
    assert pruned() == 0
    acknowledge(failed.pk, alice, reason="a known fault")
    assert pruned() == 1


def test_a_rule_of_a_workflow_goes_before_the_setting(ended: Make, settings) -> None:
    run = ended()
    rule = RetentionRule.objects.create(workflow=run.workflow, phase="COMPLETED", days=None)
    assert pruned() == 0
    settings.STIGMER_RETENTION = {}
    RetentionRule.objects.filter(pk=rule.pk).update(days=10)
    assert pruned() == 1


def test_a_family_goes_as_one_or_stays_as_one(ended: Make, begin, alice: User) -> None:
    parent, child, other = ended(), ended(), ended(FAILS)
    Execution.objects.filter(pk=child.pk).update(parent=parent)
    Execution.objects.filter(pk=other.pk).update(parent=child)
    assert pruned() == 0
    acknowledge(other.pk, alice)
    assert pruned() == 3


@pytest.mark.parametrize("moment", ["writing", "written", "deleting"])
def test_a_process_that_was_killed_loses_nothing(
    ended: Make, archives: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    for _ in range(5):
        ended()

    class Killed(BaseException):
        pass

    def killed(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        if moment == "writing":
            patch.setattr(archiving, "add", killed)
            # What a killed process leaves is not tidied up by it.
            patch.setattr(Path, "unlink", lambda *_, **__: None)
        elif moment == "written":
            patch.setattr(pruning, "_finished", killed)
        else:
            patch.setattr(pruning, "TOGETHER", 2)
            real, calls = pruning._deleted, []

            def second(*given: object) -> object:
                calls.append(given)
                if len(calls) == 2:
                    raise Killed
                return real(*given)  # type: ignore[arg-type]

            patch.setattr(pruning, "_deleted", second)
        with pytest.raises(Killed):
            pruning.go_on()
    assert Execution.objects.count() == (3 if moment == "deleting" else 5)
    pruned()
    assert Execution.objects.count() == 0
    kept = {said["id"] for path in files(archives) for _, said in lines(path) if said["t"] == "run"}
    assert {mark.public_id for mark in PrunedExecution.objects.all()} == kept
    assert len(kept) == 5 and len(files(archives)) == 1
    assert pruning.pending() == 0


def test_a_run_that_went_on_meanwhile_stays(ended: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    run, other = ended(), ended()
    real = pruning._written

    def slowly(found):
        archive = real(found)
        Execution.objects.filter(pk=run.pk).update(head_seq=run.head_seq + 1)
        return archive

    monkeypatch.setattr(pruning, "_written", slowly)
    assert once() == 1
    assert list(Execution.objects.values_list("pk", flat=True)) == [run.pk]
    assert PrunedExecution.objects.get().pk == other.pk


@pytest.mark.parametrize("deed", ["changed", "gone"])
def test_nothing_is_deleted_of_which_the_file_is_no_proof(
    ended: Make, archives: Path, monkeypatch: pytest.MonkeyPatch, deed: str
) -> None:
    ended()
    with monkeypatch.context() as patch:
        patch.setattr(pruning, "_finished", lambda *_: None)
        pruning.go_on()
    (path,) = files(archives)
    path.write_bytes(b"nonsense") if deed == "changed" else path.unlink()
    assert once() == 0
    assert Execution.objects.count() == 1


def test_a_file_of_which_anything_was_changed_is_no_archive(ended: Make, archives: Path) -> None:
    import gzip

    ended()
    pruned()
    (path,) = files(archives)
    raw = gzip.decompress(path.read_bytes())
    for changed in (
        raw.replace(b'"n":1', b'"n":2', 1),
        b"\n".join(raw.split(b"\n")[:-2]) + b"\n",
        raw + b'{"t":"run","id":"x"}\n',
        raw[:-5],
        b'{"t":"archive","format":99}\n',
        b"[]\n",
        b"",
    ):
        path.write_bytes(gzip.compress(changed))
        with pytest.raises(ArchiveUnreadable):
            verify(path)
    path.write_bytes(b"no gzip")
    with pytest.raises(ArchiveUnreadable):
        verify(path)
