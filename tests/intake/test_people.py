"""Approvers who have no account, found when a workflow is applied."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User

from executions.intake.apply import parse

pytestmark = [pytest.mark.django_db, pytest.mark.database]
TEXT = """
document: {dsl: '1.0.0', namespace: default, name: asks, version: '1.0.0'}
do:
- ask: {call: human, with: {prompt: Well?, approvers: %s}}
"""


def warnings(approvers: str) -> list[str]:
    return [str(warning) for warning in parse(TEXT % approvers).warnings]


def test_approvers_who_have_no_account_are_a_warning_each() -> None:
    User.objects.create_user("bob")
    User.objects.create_user("gone", is_active=False)
    Group.objects.create(name="Finance")
    found = warnings("{users: [bob, bod, gone], groups: [Finance, finance]}")
    assert len(found) == 3
    for line, name in zip(found, ("user 'bod'", "user 'gone'", "group 'finance'"), strict=True):
        assert f"there is no {name} here" in line
    assert "/do/0/ask/with/approvers/users/1" in found[0]


def test_nothing_is_said_of_people_who_are_known_or_given_by_an_expression() -> None:
    User.objects.create_user("bob")
    assert warnings("{users: [bob]}") == []
    assert warnings("'${ {users: [.who]} }'") == []
