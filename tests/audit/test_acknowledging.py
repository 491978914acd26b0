"""A break that an administrator has looked into alarms nobody and stays listed."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions import audit
from executions.audit.chain import CHAIN
from executions.errors import Refused
from executions.health.checks import State, check_audit_trail
from executions.models import AuditEntry, Turn
from tests.audit import tampering as world

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture
def root() -> User:
    return User.objects.create_user("root", is_superuser=True, is_staff=True)


def test_it_is_listed_with_who_and_why_and_readiness_is_whole_again(
    entries: list[int], root: User, client: Client
) -> None:
    world.edit(entries)
    world.delete(entries)
    audit.go_on()
    assert check_audit_trail().state == State.DEGRADED
    audit.acknowledge(root, "a botched clean-up, see the minutes", audit.verify().problems)
    found = audit.verify()
    assert (found.problems, len(found.acknowledged)) == ([], 2)
    assert {each.acknowledgement.by for each in found.acknowledged} == {"root"}
    audit.go_on()
    check = check_audit_trail()
    assert check.state == State.OK
    assert "2 breaks in it are acknowledged" in check.detail


def test_another_change_at_the_same_place_is_another_break(entries: list[int], root: User) -> None:
    world.edit(entries)
    audit.acknowledge(root, "known", audit.verify().problems)
    world.change(entries[1], actor_name="somebody else again")
    assert [str(each.how) for each in audit.verify().problems] == ["edited"]


@pytest.mark.parametrize("tamper", [world.delete_the_last, world.delete_all, world.forget_the_end])
def test_a_lost_end_can_be_acknowledged_once_the_trail_went_on(
    entries: list[int], root: User, tamper: world.Tamper
) -> None:
    tamper(entries)
    audit.acknowledge_all(root, "a disk died")
    assert audit.verify().problems == []
    assert audit.verify().acknowledged


def test_an_end_that_was_set_back_keeps_nobody_from_working(entries: list[int]) -> None:
    for value in ("", AuditEntry.objects.get(pk=entries[1]).hash):
        Turn.objects.filter(pk=CHAIN).update(value=value)
        audit.record_account("log in", "ann", None)
    found = audit.verify().problems
    assert [str(each.how) for each in found] == ["missing", "missing"]
    assert "the end of the trail was changed" in found[0].detail


def test_a_forged_acknowledgement_counts_for_nothing(entries: list[int], root: User) -> None:
    world.edit(entries)
    entry = audit.acknowledge(root, "known", audit.verify().problems)
    world.change(entry.pk, key="")
    assert len(audit.verify().problems) >= 2


@pytest.mark.parametrize(
    ("name", "reason", "code"),
    [("alice", "because", "forbidden"), ("root", "  ", "invalid"), ("root", "because", "conflict")],
)
def test_only_administrators_with_a_reason_and_something_to_acknowledge(
    entries: list[int], root: User, name: str, reason: str, code: str
) -> None:
    user = root if name == "root" else User.objects.create_user("alice")
    if code != "conflict":
        world.edit(entries)
    with pytest.raises(Refused) as refused:
        audit.acknowledge(user, reason, audit.verify().problems)
    assert refused.value.code == code
