"""Whatever is done to the trail past Stigmer shows, and it is said how and where."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from executions import audit
from executions.audit.verifying import MOST_PROBLEMS
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import AuditEntry
from tests.audit import tampering as world

pytestmark = [pytest.mark.django_db, pytest.mark.database]

TAMPERED = [
    (world.edit, 1, "edited"),
    (world.edit_what_followed, 1, "edited"),
    (world.edit_when_it_was, 1, "edited"),
    (world.edit_with_its_hash, 1, "edited"),
    (world.put_what_is_no_json, 1, "edited"),
    (world.put_what_is_no_moment, 1, "edited"),
    (world.delete, 3, "missing"),
    (world.delete_the_first, 1, "missing"),
    (world.delete_the_last, 3, "missing"),
    (world.forget_the_end, 4, "missing"),
    (world.insert, 2, "inserted"),
    (world.append, 5, "inserted"),
    (world.swap, 1, "out of order"),
    (world.move_to_the_end, 2, "out of order"),
    (world.move_the_first, 1, "out of order"),
    (world.fork, 5, "forked"),
]


def test_a_trail_that_was_only_written_is_whole(entries: list[int]) -> None:
    assert audit.verify() == audit.Verified(5, [])


def test_an_empty_trail_is_whole() -> None:
    assert audit.verify() == audit.Verified(0, [])


@pytest.mark.parametrize(
    ("tamper", "at", "how"), TAMPERED, ids=lambda value: getattr(value, "__name__", "")
)
def test_what_was_done_to_the_trail_is_named(
    entries: list[int], tamper: world.Tamper, at: int, how: str
) -> None:
    tamper(entries)
    first = audit.verify().problems[0]
    ids = [*entries, entries[4] + 1]
    assert (first.entry, str(first.how)) == (ids[at], how), first.detail
    assert first.detail.startswith(("Entry ", "Between ", "Before ", "Behind "))


def test_one_change_is_one_problem(entries: list[int]) -> None:
    for tamper in (world.edit, world.delete):
        tamper(entries)
    assert [str(problem.how) for problem in audit.verify().problems] == ["edited", "missing"]


def test_a_trail_of_which_nothing_is_left_is_broken(entries: list[int]) -> None:
    world.delete_all(entries)
    assert [problem.detail for problem in audit.verify().problems] == ["All entries are missing."]


def test_what_the_product_itself_deletes_leaves_the_trail_whole() -> None:
    alice = User.objects.create_user("alice")
    text = (
        "document: {dsl: '1.0.0', namespace: t, name: one, version: '1.0.0'}\ndo: [{a: {set: {n:"
        " 1}}}]\n"
    )
    execution = start(apply_definition(text, alice).workflow, alice, input={})
    audit.record(
        "retry",
        execution,
        alice,
        before=audit.state(execution),
        after={"seq": 1},
        reason="ünïcode \U0001f600",
    )
    execution.delete()
    alice.workflows.update(head_version=None, default_instance=None)
    alice.workflows.all().delete()
    alice.delete()
    assert audit.verify() == audit.Verified(1, [])


def test_gaps_that_rolled_back_transactions_left_are_none(entries: list[int]) -> None:
    world.change(entries[4], id=entries[4] + 1000)
    assert audit.verify() == audit.Verified(5, [])


def test_all_problems_of_a_long_trail_are_named() -> None:
    for number in range(3 * MOST_PROBLEMS):
        audit.record_account("log in", f"p{number}", None)
    with world.past_the_guards():
        AuditEntry.objects.update(actor_name="x")
    found = audit.verify()
    assert (found.entries, len(found.problems)) == (3 * MOST_PROBLEMS, 3 * MOST_PROBLEMS)
