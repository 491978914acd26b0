"""Who may do what: a table over every role and verb."""

from __future__ import annotations

import time

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User

from executions import policy
from executions.errors import Refused
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import Execution, Workflow
from executions.roles import Role
from executions.verbs.rows import VERBS
from tests.people import in_group, viewer

pytestmark = pytest.mark.django_db
TEXT = (
    "document: {dsl: '1.0.0', namespace: tests, name: %s, version: '1.0.0'}\ndo: [{a: {set: {n:"
    " 1}}}]\n"
)
ALLOWED = {
    "view": {Role.OWNER, Role.VIEWER, Role.SUPPORT, Role.ADMIN},
    "export": {Role.OWNER, Role.SUPPORT, Role.ADMIN},
    "report": {Role.OWNER, Role.ADMIN},
    "retry": {Role.OWNER, Role.SUPPORT, Role.ADMIN},
    "skip": {Role.OWNER, Role.ADMIN},
    "recover": {Role.OWNER, Role.SUPPORT, Role.ADMIN},
    "decide": {Role.OWNER, Role.ADMIN},
    "cancel": {Role.OWNER, Role.ADMIN},
    "amend": {Role.OWNER, Role.ADMIN},
    "fork": {Role.OWNER, Role.ADMIN},
    "remake workspace": {Role.OWNER, Role.ADMIN},
    "retry now": {Role.OWNER, Role.ADMIN},
    "keep waiting": {Role.OWNER, Role.ADMIN},
    "break off": {Role.OWNER, Role.ADMIN},
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
        Role.VIEWER: viewer(),
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
    assert seen == {
        Role.OWNER: True,
        Role.NOBODY: False,
        Role.VIEWER: True,
        Role.SUPPORT: True,
        Role.ADMIN: True,
    }


def test_a_private_workflow_is_its_owners(people):
    apply_definition(TEXT % "mine", people[Role.OWNER], visibility="private")
    seen = {role: policy.visible_workflows(user).exists() for role, user in people.items()}
    assert seen == {role: role in (Role.OWNER, Role.ADMIN) for role in people}


def test_a_shared_workflow_is_changed_by_its_owner_and_administrators(people, execution):
    workflow = Workflow.objects.get()
    may = {role: policy.can_change(user, workflow) for role, user in people.items()}
    assert may == {role: role in (Role.OWNER, Role.ADMIN) for role in people}


def test_a_viewer_owns_nothing_and_sees_what_is_shared(people, execution):
    vera = people[Role.VIEWER]
    private = apply_definition(TEXT % "mine", people[Role.OWNER], visibility="private").workflow
    hidden = start(private, people[Role.OWNER])
    own = start(execution.workflow, vera)
    assert set(policy.visible_executions(vera)) == {execution, own}
    assert policy.role(vera, own) == Role.VIEWER
    assert policy.role(vera, hidden) == Role.NOBODY
    assert [verb for verb in policy.RIGHTS if policy.can(vera, verb, own)] == ["view"]
    execution.workflow.owner = vera
    assert not policy.can_change(vera, execution.workflow)


def test_a_group_owns_what_its_members_see_and_change(people):
    mine = apply_definition(TEXT % "mine", people[Role.OWNER], visibility="private").workflow
    run = start(mine, people[Role.OWNER])
    bob = in_group(people[Role.NOBODY], "shipping")
    assert not policy.visible_workflows(bob).exists()
    mine.group = Group.objects.get(name="shipping")
    mine.save()
    other = User.objects.create_user("otto")
    for person, may in ((bob, True), (other, False)):
        assert policy.visible_workflows(person).exists() is may
        assert policy.can_change(person, mine) is may
        assert policy.visible_executions(person).filter(pk=run.pk).exists() is may
    # A run is its starter's: the others of the group look at it.
    assert policy.role(bob, run) == Role.VIEWER
    vera = in_group(people[Role.VIEWER], "shipping")
    vera = User.objects.get(pk=vera.pk)
    assert set(policy.visible_executions(vera)) == {run}
    assert not policy.can_change(vera, mine)


def test_the_strongest_of_several_groups_counts(people):
    both = in_group(people[Role.SUPPORT], policy.VIEWERS_GROUP)
    assert policy.rank(User.objects.get(pk=both.pk)) == policy.Rank.SUPPORT


@pytest.mark.parametrize("verb", ["retry", "recover", "restore", "undo restore"])
def test_support_says_why_and_has_logged_in_just_before(people, execution, verb):
    sue, row = people[Role.SUPPORT], VERBS[verb]
    for reason, seconds_ago, code in (
        ("", 0, "invalid"),
        ("asked by the owner", None, "unconfirmed"),
        ("asked by the owner", policy.CONFIRMED_SECONDS + 1, "unconfirmed"),
        ("asked by the owner", policy.CONFIRMED_SECONDS - 5, ""),
    ):
        policy.confirm(sue, 0 if seconds_ago is None else time.time() - seconds_ago)
        try:
            policy.check_prepared(sue, row, execution, reason)
        except Refused as refused:
            assert refused.code == code
        else:
            assert not code


def test_the_owner_retries_without_either(people, execution):
    policy.check_prepared(people[Role.OWNER], VERBS["retry"], execution, "")


@pytest.mark.parametrize("verb", ["restore", "undo restore", "override"])
def test_an_administrator_rewrites_no_run_without_a_log_in_just_before(people, execution, verb):
    with pytest.raises(Refused) as refusal:
        policy.check_prepared(people[Role.ADMIN], VERBS[verb], execution, "a reason")
    assert refusal.value.code == "unconfirmed"
