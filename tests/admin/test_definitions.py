"""Definitions written in the admin: the same checks as everywhere, by line, and no silent loss."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from executions.intake.agents import apply_agent
from executions.intake.apply import apply_definition
from executions.intake.skills import apply_skill
from executions.models import Agent, Skill, Workflow

AsUser = Callable[[User], Client]
pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]
WORKFLOW = """document: {dsl: '1.0.0', namespace: tests, name: written, version: '1.0.0'}
do:
- first: {set: {n: %s}}
"""
AGENT = "kind: Agent\nname: written\ninstructions: Answer in %s sentences.\n"
SKILL = "---\nname: written\ndescription: Says how.\n---\n# How\nIn %s steps.\n"
KINDS: dict[str, tuple[str, Any]] = {
    "workflow": (WORKFLOW, Workflow),
    "agent": (AGENT, Agent),
    "skill": (SKILL, Skill),
}
BROKEN = {
    "workflow": (WORKFLOW % "1" + "- second: {sett: {n: 2}}\n", "<td>4</td>"),
    "agent": ("kind: Agent\nname: written\ninstructions: no\ntool: [x]\n", "<td>3</td>"),
    "skill": ("---\nname: written\ndescribed: x\n---\nHow.\n", "<td>3</td>"),
}


def add(kind: str) -> str:
    return reverse(f"admin:executions_{kind}_add")


def change(row: Workflow | Agent | Skill) -> str:
    return reverse(f"admin:executions_{row._meta.model_name}_definition", args=[row.pk])


@pytest.mark.parametrize("kind", KINDS)
def test_an_administrator_says_whose_it_is(kind: str, admin: User, as_user: AsUser) -> None:
    text, model = KINDS[kind]
    client = as_user(admin)
    client.post(add(kind), {"text": text % "1", "visibility": "private"})
    row = model.objects.get()
    group = Group.objects.create(name="Shop")
    page = reverse(f"admin:executions_{kind}_change", args=[row.pk])
    fields = client.get(page).context["adminform"].form.initial
    sent = {"name": row.name, "visibility": "private", "owner": admin.pk, "group": group.pk}
    sent |= {name: json.dumps(fields[name]) for name in ("labels", "tags", "annotations")}
    assert client.post(page, sent).status_code == 302
    row.refresh_from_db()
    assert row.group == group


@pytest.mark.parametrize("kind", KINDS)
def test_one_is_written_changed_and_refused_where_another_version_came_between(
    kind: str, admin: User, as_user: AsUser
) -> None:
    text, model = KINDS[kind]
    client = as_user(admin)
    assert client.get(add(kind)).status_code == 200
    sent = {"text": text % "1", "visibility": "private", "message": "first"}
    assert client.post(add(kind), sent).status_code == 302
    row = model.objects.get()
    assert (row.owner, row.visibility, row.head_version.number) == (admin, "private", 1)
    assert row.head_version.message == "first"
    page = client.get(change(row)).content.decode()
    assert 'name="opened" value="1"' in page
    assert client.post(change(row), {"text": text % "2", "opened": "1"}).status_code == 302
    row.refresh_from_db()
    assert (row.head_version.number, row.visibility) == (2, "private")
    late = client.post(change(row), {"text": text % "3", "opened": "1"})
    page = late.content.decode()
    assert late.status_code == 412
    assert "Version 2 was applied by admin since you opened version 1." in page
    assert "version 1" in page and (text % "3").splitlines()[-1] in page
    assert 'name="opened" value="1"' in page
    row.refresh_from_db()
    assert row.head_version.number == 2


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_broken_is_told_by_line_and_kept_as_it_was_typed(
    kind: str, admin: User, as_user: AsUser
) -> None:
    text, line = BROKEN[kind]
    response = as_user(admin).post(add(kind), {"text": text})
    page = response.content.decode()
    assert response.status_code == 400 and line in page
    assert text.splitlines()[-1] in page
    assert not KINDS[kind][1].objects.exists()


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_with_another_name_changes_nothing(kind: str, admin: User, as_user: AsUser) -> None:
    text, model = KINDS[kind]
    as_user(admin).post(add(kind), {"text": text % "1"})
    row = model.objects.get()
    other = (text % "2").replace("written", "another")
    response = as_user(admin).post(change(row), {"text": other, "opened": "1"})
    assert response.status_code == 400
    assert "names another" in response.content.decode()
    assert model.objects.count() == 1


@pytest.mark.parametrize("kind", KINDS)
def test_support_looks_and_writes_nothing(
    kind: str, admin: User, support: User, as_user: AsUser
) -> None:
    text, model = KINDS[kind]
    row: Workflow | Agent | Skill
    if kind == "agent":
        row = apply_agent(text % "1", admin).agent
    elif kind == "skill":
        row = apply_skill(text % "1", admin).skill
    else:
        row = apply_definition(text % "1", admin).workflow
    client = as_user(support)
    for address in (add(kind), change(row)):
        assert client.get(address).status_code == 403
        assert client.post(address, {"text": text % "2"}).status_code == 403
    listed = reverse(f"admin:executions_{kind}_change", args=[row.pk])
    assert client.get(listed).status_code == 200
    assert model.objects.get().head_version == row.head_version
