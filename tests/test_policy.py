"""Who may do what: a table over every role and verb."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User

from executions import policy
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import Execution, Workflow
from executions.roles import Role

pytestmark = pytest.mark.django_db
TEXT = (
    "document: {dsl: '1.0.0', namespace: tests, name: %s, version: '1.0.0'}\ndo: [{a: {set: {n:"
    " 1}}}]\n"
)
ALLOWED = {
    "view": {Role.OWNER, Role.SUPPORT, Role.ADMIN},
    "report": {Role.OWNER, Role.ADMIN},
    "retry": {Role.OWNER, Role.ADMIN},
    "skip": {Role.OWNER, Role.ADMIN},
    "recover": {Role.OWNER, Role.SUPPORT, Role.ADMIN},
    "decide": {Role.OWNER, Role.ADMIN},
    "cancel": {Role.OWNER, Role.ADMIN},
    "amend": {Role.OWNER, Role.ADMIN},
    "retry now": {Role.OWNER, Role.ADMIN},
    "acknowledge": {Role.OWNER, Role.SUPPORT, Role.ADMIN},
    "pause": {Role.OWNER, Role.ADMIN},
    "resume": {Role.OWNER, Role.ADMIN},
    "terminate": {Role.OWNER, Role.ADMIN},
    "delete": {Role.OWNER, Role.ADMIN},
    "signal": {Role.OWNER, Role.ADMIN},
    "restore": {Role.SUPPORT, Role.ADMIN},
    "undo restore": {Role.SUPPORT, Role.ADMIN},
    "override": {Role.ADMIN},
}


@pytest.fixture
def people() -> dict[Role, User]:
    support = User.objects.create_user("carol")
    support.groups.add(Group.objects.create(name=policy.SUPPORT_GROUP))
    return {
        Role.OWNER: User.objects.create_user("alice"),
        Role.NOBODY: User.objects.create_user("bob"),
        Role.SUPPORT: support,
        Role.ADMIN: User.objects.create_superuser("dave"),
    }


@pytest.fixture
def execution(people: dict[Role, User]) -> Execution:
    return start(apply_definition(TEXT % "one", people[Role.OWNER]).workflow, people[Role.OWNER])


def test_each_role_may_what_the_table_says(people, execution):
    for verb, roles in ALLOWED.items():
        for role, user in people.items():
            assert policy.role(user, execution) == role
            assert policy.can(user, verb, execution) is (role in roles), (verb, role)


def test_the_table_names_every_verb():
    assert set(ALLOWED) == set(policy.RIGHTS)


def test_an_inactive_person_and_nobody_may_nothing(people, execution):
    for user in people.values():
        user.is_active = False
    for user in (*people.values(), AnonymousUser()):
        assert policy.role(user, execution) == Role.NOBODY
        assert not any(policy.can(user, verb, execution) for verb in policy.RIGHTS)
        assert not policy.visible_executions(user).exists()
        assert not policy.visible_workflows(user).exists()


def test_an_execution_does_not_exist_for_others(people, execution):
    seen = {
        role: policy.visible_executions(user).filter(pk=execution.pk).exists()
        for role, user in people.items()
    }
    assert seen == {Role.OWNER: True, Role.NOBODY: False, Role.SUPPORT: True, Role.ADMIN: True}


def test_a_private_workflow_is_its_owners(people):
    apply_definition(TEXT % "mine", people[Role.OWNER], visibility="private")
    seen = {role: policy.visible_workflows(user).exists() for role, user in people.items()}
    assert seen == {Role.OWNER: True, Role.NOBODY: False, Role.SUPPORT: False, Role.ADMIN: True}


def test_a_shared_workflow_is_changed_by_its_owner_and_administrators(people, execution):
    workflow = Workflow.objects.get()
    may = {role: policy.can_change(user, workflow) for role, user in people.items()}
    assert may == {Role.OWNER: True, Role.NOBODY: False, Role.SUPPORT: False, Role.ADMIN: True}
