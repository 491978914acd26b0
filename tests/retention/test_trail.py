"""Old entries leave the trail for a file, where somebody asks for it, and nothing else can."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import DatabaseError, transaction

from executions import audit, clock
from executions.audit import heads
from executions.errors import Refused
from executions.models import AuditAnchor, AuditEntry
from executions.retention import trail
from executions.retention.format import lines, verify
from tests.audit import tampering as world

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture
def entries() -> list[int]:
    return [audit.record_account("log in", name, None).pk for name in ("ann", "bob", "carl")]


def test_they_are_in_a_signed_file_and_the_trail_begins_behind_them(
    entries: list[int], archives: Path
) -> None:
    heads.sign_off()
    left = trail.let_go(clock.now())
    assert left is not None and (left.entries, left.last) == (2, entries[1])
    assert list(AuditEntry.objects.order_by("id").values_list("verb", flat=True)) == [
        "log in",
        "let entries go",
    ]
    assert audit.verify() == audit.Verified(2, [])
    path = archives / left.file
    assert verify(path).is_ours
    told = [said["row"]["actor_name"] for _, said in lines(path) if "row" in said]
    assert told == ["ann", "bob"]
    for change in (AuditEntry.objects.all().delete, lambda: AuditEntry.objects.update(reason="x")):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_again_and_again(entries: list[int]) -> None:
    for name in ("dora", "emil"):
        trail.let_go(clock.now())
        audit.record_account("log in", name, None)
        assert audit.verify().problems == []
    assert AuditAnchor.objects.filter(is_open=True).count() == 0
    assert trail.let_go(clock.now().replace(year=2000)) is None


def test_what_was_broken_off_is_finished(
    entries: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(trail, "_finish", killed)
        with pytest.raises(Killed):
            trail.let_go(clock.now())
    assert audit.verify().problems == []
    trail.let_go(clock.now().replace(year=2000))
    assert AuditEntry.objects.earliest("id").pk == entries[2]
    assert not AuditAnchor.objects.filter(is_open=True).exists()


def test_a_broken_trail_keeps_its_evidence(entries: list[int]) -> None:
    world.edit(entries)
    with pytest.raises(Refused, match="is broken"):
        trail.let_go(clock.now())
    assert AuditEntry.objects.count() == 3
