"""A walk through the whole admin as each kind of person: what they are shown, what they may do.

The rows are asked of the admin site itself: a page without a row here fails.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from django.contrib import admin as django_admin
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from executions.policy import VIEWERS_GROUP
from executions.verbs.rows import VERBS
from tests.admin.conftest import Make

AsUser = Callable[[User], Client]
DELETES = "delete_selected"
pytestmark = pytest.mark.database


class Row(NamedTuple):
    """What an administrator may do to the records of a page, and support: to look, to begin the
    actions that are named. ``does`` and ``support_does`` are the actions of their lists.
    """

    adds: bool = False
    changes: bool = False
    deletes: bool = False
    support_looks: bool = True
    does: frozenset[str] = frozenset()
    support_does: frozenset[str] = frozenset()


def named(*names: str) -> frozenset[str]:
    return frozenset(names)


READ = Row()
PEOPLE = Row(support_looks=False)
DECLARED = Row(adds=True, changes=True, deletes=True, does=named(DELETES))
DEFINED = Row(adds=True, changes=True)
ROWS = {
    "auth.group": DECLARED._replace(support_looks=False),
    "auth.user": DECLARED._replace(
        support_looks=False, does=named(DELETES, "end_sessions", "reset_second_factor")
    ),
    "executions.agent": DEFINED,
    "executions.agentinstance": DEFINED,
    "executions.agentmessage": READ,
    "executions.agentrun": READ,
    "executions.agenttoolcall": READ,
    "executions.agentversion": READ,
    "executions.apitoken": PEOPLE._replace(does=named("revoke")),
    "executions.archive": READ,
    "executions.artifact": READ,
    "executions.ask": READ,
    "executions.attempt": READ,
    "executions.auditentry": READ,
    "executions.budget": DECLARED,
    "executions.channel": DECLARED,
    "executions.cloudevent": READ,
    "executions.delivery": READ,
    "executions.environment": DECLARED,
    "executions.event": READ,
    "executions.eventsource": READ,
    "executions.execution": READ._replace(
        does=frozenset(VERBS),
        support_does=named("acknowledge", "recover", "restore", "retry", "undo restore"),
    ),
    "executions.languagemodel": DECLARED,
    "executions.mcpserver": DECLARED,
    "executions.mcptool": Row(changes=True, does=named("take_what_is_offered")),
    "executions.notification": READ,
    "executions.objective": DECLARED,
    "executions.occurrence": READ,
    "executions.process": READ._replace(does=named("drain", "resume")),
    "executions.proposal": READ._replace(
        does=named("agree", "turn_down"), support_does=named("agree", "turn_down")
    ),
    "executions.prunedexecution": READ,
    "executions.quarantine": Row(deletes=True, does=named(DELETES)),
    "executions.retentionrule": DECLARED,
    "executions.schedule": DECLARED._replace(does=named(DELETES, "pause", "resume", "trigger")),
    "executions.sending": READ._replace(does=named("send_again")),
    "executions.session": READ,
    "executions.skill": DEFINED,
    "executions.skillversion": READ,
    "executions.spending": READ,
    "executions.step": READ,
    "executions.subscription": READ,
    "executions.workflow": DEFINED,
    "executions.workflowinstance": DEFINED,
    "executions.workflowversion": READ,
    "executions.workspace": READ,
    "socialaccount.socialaccount": PEOPLE._replace(deletes=True, does=named(DELETES)),
    "usersessions.usersession": PEOPLE._replace(does=named("end")),
}


def pages() -> dict[str, Any]:
    return {model._meta.label_lower: row for model, row in django_admin.site._registry.items()}


def address(label: str, what: str, *args: str) -> str:
    return reverse(f"admin:{label.replace('.', '_')}_{what}", args=args)


def walked(client: Client) -> dict[str, Row | None]:
    """What this person is let do; None for a page at which they may not even look.

    Of a record that is not there Django asks first whether it could be looked at or changed.
    """
    found: dict[str, Row | None] = {}
    for label, page in pages().items():
        listed = client.get(address(label, "changelist"))
        key = str(page.model._meta.pk.to_python(uuid.UUID(int=1).hex) if is_uuid(page) else 1)
        change, delete = (address(label, what, key) for what in ("change", "delete"))
        sent = [
            is_let(client.get(address(label, "add"))),
            is_let(client.post(change)),
            is_let(client.get(delete)),
        ]
        assert is_let(client.post(delete, {"post": "yes"})) == sent[2], label
        assert is_let(client.get(change)) == is_let(listed), label
        if listed.status_code == 200:
            form = listed.context["action_form"]
            offered = dict(form.fields["action"].choices) if form is not None else {}
            adds, changes, deletes = sent
            does = frozenset(offered) - {""}
            found[label] = Row(adds=adds, changes=changes, deletes=deletes, does=does)
        else:
            assert not is_let(listed) and not any(sent), label
            found[label] = None
    return found


def is_uuid(page: Any) -> bool:
    return bool(page.model._meta.pk.get_internal_type() == "UUIDField")


def is_let(answer: Any) -> bool:
    """Whether it was done, or looked for; a refusal is 403, or the way to the log-in."""
    if answer.status_code == 302:
        return not str(answer["Location"]).startswith("/admin/login/")
    assert answer.status_code in (200, 403), answer.status_code
    return bool(answer.status_code == 200)


@pytest.fixture
def stuff(make: Make) -> None:
    make()


def test_every_page_of_the_admin_has_a_row() -> None:
    assert set(pages()) == set(ROWS)


def test_an_administrator(stuff: None, admin: User, as_user: AsUser) -> None:
    shown = {
        label: row._replace(support_looks=True, support_does=named()) for label, row in ROWS.items()
    }
    assert walked(as_user(admin)) == shown


def test_support_looks_and_changes_nothing_but_runs(
    stuff: None, support: User, as_user: AsUser
) -> None:
    shown = {
        label: Row(does=row.support_does) if row.support_looks else None
        for label, row in ROWS.items()
    }
    assert walked(as_user(support)) == shown


@pytest.mark.parametrize("is_staff", [False, True])
def test_a_viewer_and_a_user_see_nothing_of_it(
    stuff: None, owner: User, as_user: AsUser, is_staff: bool
) -> None:
    viewer = User.objects.create_user("vera", is_staff=is_staff)
    viewer.groups.add(Group.objects.get_or_create(name=VIEWERS_GROUP)[0])
    User.objects.filter(pk=owner.pk).update(is_staff=is_staff)
    for person in (viewer, User.objects.get(pk=owner.pk)):
        assert set(walked(as_user(person)).values()) == {None}


def test_nobody_is_let_in_without_a_log_in(stuff: None, client: Client) -> None:
    assert set(walked(client).values()) == {None}


def test_the_settings_are_shown_to_administrators_alone(
    admin: User, support: User, owner: User, as_user: AsUser
) -> None:
    place = reverse("admin:settings")
    assert [as_user(each).get(place).status_code for each in (admin, support, owner)] == [
        200,
        403,
        302,
    ]
