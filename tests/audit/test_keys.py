"""Who can only write to the database cannot sign."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from executions import audit
from executions.audit import keys
from executions.audit.chain import CHAIN, covered
from executions.models import AuditEntry, Turn
from executions.values import digest
from tests.audit import tampering as world

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture
def key_file(settings, tmp_path: Path) -> Path:
    path = settings.STIGMER_AUDIT_KEY_FILE = tmp_path / "key"
    return path


def how(found: audit.Verified) -> list[str]:
    return [str(problem.how) for problem in found.problems]


def old_entry(number: int) -> AuditEntry:
    """As it was written before there were keys."""
    head = Turn.objects.locked(CHAIN)
    entry = audit.record_account("log in", f"p{number}", None)
    with world.past_the_guards():
        entry.key, entry.previous_hash = "", head.value
        entry.hash = digest(entry.previous_hash, covered(entry))
        entry.save()
    Turn.objects.filter(pk=CHAIN).update(value=entry.hash)
    return entry


def test_the_file_is_private_and_made_once(key_file: Path) -> None:
    first = keys.signing()
    assert keys.signing() == first
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert first.id.encode() not in first.secret


def test_a_trail_that_was_written_anew_without_the_key_is_found(entries: list[int]) -> None:
    """Every hash is made again, as one could before there were keys."""
    previous = ""
    with world.past_the_guards():
        for entry in AuditEntry.objects.order_by("id"):
            entry.actor_name, entry.previous_hash = "mallory", previous
            entry.hash = previous = digest(previous, covered(entry))
            entry.save()
    Turn.objects.filter(pk=CHAIN).update(value=previous)
    assert how(audit.verify()) == ["edited"] * 5


def test_a_trail_of_the_time_before_keys_goes_on_and_is_sealed_by_the_next_entry() -> None:
    old = [old_entry(number) for number in range(3)]
    assert audit.verify() == audit.Verified(3, [])
    audit.record_account("log in", "new", None)
    assert audit.verify() == audit.Verified(4, [])
    with world.past_the_guards():
        first = AuditEntry.objects.get(pk=old[2].pk)
        first.actor_name = "mallory"
        first.hash = digest(first.previous_hash, covered(first))
        first.save()
    assert audit.verify().problems


def test_an_entry_without_a_signature_counts_for_nothing_once_there_are_keys(
    entries: list[int],
) -> None:
    old_entry(7)
    assert how(audit.verify()) == ["unsigned"]


def test_keys_change_and_what_earlier_ones_signed_stays_good(key_file: Path) -> None:
    audit.record_account("log in", "ann", None)
    before, after = audit.rotate_key()
    entry = audit.record_account("log in", "bob", None)
    told = AuditEntry.objects.get(verb="rotate audit key")
    assert (told.after, told.key) == ({"from": before, "to": after}, after)
    assert entry.key == after != before
    assert audit.verify() == audit.Verified(3, [])


def test_a_key_that_is_gone_is_named_once(key_file: Path) -> None:
    for name in ("ann", "bob"):
        audit.record_account("log in", name, None)
    key_file.unlink()
    audit.record_account("log in", "carl", None)
    found = audit.verify().problems
    assert [str(each.how) for each in found] == ["unknown key"]
    assert "STIGMER_AUDIT_FOLDER" in found[0].detail


def test_a_file_that_cannot_be_used_refuses_what_would_be_audited(key_file: Path) -> None:
    key_file.write_text("nonsense\n")
    with pytest.raises(audit.KeyUnreadable, match="line 1 is no key"):
        audit.record_account("log in", "ann", None)
    assert audit.go_on()[0].how == "unknown key"
