"""The end of the trail is signed off outside the database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.conf import settings

from executions import audit
from executions.audit import heads
from executions.audit.chain import CHAIN
from executions.models import AuditEntry, Turn
from executions.recovery.sweep import sweep
from tests.audit import tampering as world

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def file() -> Path:
    return settings.STIGMER_AUDIT_HEADS_FILE


def lines() -> list[dict[str, object]]:
    return [json.loads(line) for line in file().read_text().splitlines()]


def cut_off(ids: list[int], keep: int) -> None:
    """The newest entries, and the end that is kept beside them: nothing is left to be seen."""
    with world.past_the_guards():
        AuditEntry.objects.filter(pk__in=ids[keep:]).delete()
    Turn.objects.filter(pk=CHAIN).update(value=AuditEntry.objects.get(pk=ids[keep - 1]).hash)


def test_the_sweep_signs_off_what_is_news(entries: list[int]) -> None:
    sweep()
    sweep()
    assert [(line["entry"]) for line in lines()] == [entries[4]]
    assert file().stat().st_mode & 0o077 == 0
    audit.record_account("log in", "fred", None)
    sweep()
    assert len(lines()) == 2
    assert audit.verify() == audit.Verified(6, [])


def test_a_tail_that_was_cut_off_is_found(entries: list[int]) -> None:
    heads.sign_off()
    cut_off(entries, 3)
    first = audit.verify().problems[0]
    assert (str(first.how), first.entry) == ("cut off", entries[4])
    assert audit.go_on()[0].how == "cut off"


def test_it_stays_found_when_the_trail_goes_on(entries: list[int]) -> None:
    heads.sign_off()
    cut_off(entries, 3)
    for number in range(5):
        audit.record_account("log in", f"p{number}", None)
        heads.sign_off()
    assert [str(each.how) for each in audit.verify().problems] == ["cut off"]


def test_a_file_that_was_changed_is_found(entries: list[int]) -> None:
    for number in range(3):
        audit.record_account("log in", f"p{number}", None)
        heads.sign_off()
    text = file().read_text().splitlines(keepends=True)
    for changed in (
        [text[0], text[2]],
        [text[0].replace('"entry": ', '"entry": 1'), *text[1:]],
        [*text[:2], "nonsense\n"],
        [text[1], text[0], text[2]],
    ):
        file().write_text("".join(changed))
        assert "edited" in [str(each.how) for each in audit.verify().problems]
    file().write_text("".join(text))
    assert audit.verify().problems == []


def test_a_backup_that_was_restored_is_marked_and_no_break(entries: list[int]) -> None:
    heads.sign_off()
    cut_off(entries, 3)
    kept = AuditEntry.objects.get(pk=entries[2])
    heads.note_restored("monday.backup", kept.pk, kept.hash)
    assert audit.verify().problems == []
    sweep()
    told = AuditEntry.objects.get(verb=heads.RESTORED)
    assert told.subject == "monday.backup"
    assert told.after["head_was"]["entry"] == entries[4]
    sweep()
    assert AuditEntry.objects.filter(verb=heads.RESTORED).count() == 1
    assert audit.verify() == audit.Verified(4, [])
    with world.past_the_guards():
        AuditEntry.objects.filter(pk=entries[1]).delete()
    assert audit.verify().problems
