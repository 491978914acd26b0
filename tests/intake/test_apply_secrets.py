"""Whoever applies a workflow has to be allowed to use the secrets that it declares."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from structlog.testing import capture_logs

from executions import logs, secret_access
from executions.errors import Refused
from executions.intake.apply import apply_definition
from executions.language import DefinitionError
from executions.models import Workflow

pytestmark = [pytest.mark.database, pytest.mark.django_db]
RULES = """
$access:
  free: {owners: [alice], groups: [billing], workflows: [order]}
  theirs: {owners: [bob]}
"""


@pytest.fixture(autouse=True)
def rules(settings: Any, tmp_path: Path) -> Any:
    file = tmp_path / "secrets"
    file.write_text(RULES)
    file.chmod(0o600)
    settings.STIGMER_SECRETS_FILE = file
    secret_access.rules.cache_clear()
    yield
    secret_access.rules.cache_clear()


def text(*secrets: str, name: str = "report") -> str:
    head = f"document: {{dsl: '1.0.0', namespace: tests, name: {name}, version: '1.0.0'}}\n"
    return f"{head}use: {{secrets: [{', '.join(secrets)}]}}\ndo: [{{a: {{set: {{x: 1}}}}}}]\n"


def refused(document: str, user: User, **how: Any) -> list[tuple[str, str]]:
    with pytest.raises(DefinitionError) as caught:
        apply_definition(document, user, **how)
    assert not Workflow.objects.exists()
    return [(problem.pointer, problem.message) for problem in caught.value.problems]


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user("alice")


def test_another_users_secret_is_refused_where_it_is_declared(alice: User) -> None:
    ((pointer, message),) = refused(text("free", "theirs"), alice)
    assert pointer == "/use/secrets/1"
    assert (
        message
        == "the secret `theirs` cannot be used: a workflow that alice applied may not use it; an"
        " administrator can allow that beside the secret (owners, groups, workflows), or apply"
        " the workflow"
    )


def test_one_that_nobody_declared_anything_for_is_the_administrators(alice: User) -> None:
    assert refused(text("unknown"), alice)[0][0] == "/use/secrets/0"
    root = User.objects.create_superuser("root")
    assert apply_definition(text("unknown", "theirs"), root).result == "created"


def test_a_group_may_use_what_was_given_to_it() -> None:
    carol = User.objects.create_user("carol")
    assert refused(text("free"), carol)
    carol.groups.add(Group.objects.create(name="billing"))
    assert apply_definition(text("free"), carol).result == "created"


def test_a_workflow_may_use_what_was_given_to_it_and_a_private_one_of_that_name_may_not() -> None:
    dave = User.objects.create_user("dave")
    assert refused(text("free", name="order"), dave, visibility="private")
    assert refused(text("free", name="order2"), dave)
    assert apply_definition(text("free", name="order"), dave).result == "created"


def test_what_else_is_wrong_is_said_too(alice: User) -> None:
    found = refused(text("theirs", name="'###'"), alice)
    assert [pointer for pointer, _ in found] == ["/document/name", "/use/secrets/0"]


def test_rules_that_cannot_be_read_refuse_it_for_now(alice: User, settings: Any) -> None:
    settings.STIGMER_SECRETS_FILE.chmod(0o644)
    with pytest.raises(Refused, match="cannot be read now") as caught:
        apply_definition(text("free"), alice)
    assert caught.value.code == "unavailable" and "chmod" not in str(caught.value)


def test_a_secret_that_is_not_searched_for_is_named_when_it_is_loaded(
    settings: Any, monkeypatch: Any
) -> None:
    monkeypatch.setenv("STIGMER_SECRET_pin", "2024")
    monkeypatch.setenv("STIGMER_SECRET_key", "canary-7f3a-9b1c")
    monkeypatch.setattr(logs, "_hidings", [])
    settings.STIGMER_SECRETS_FILE = None
    secret_access.known_secrets.cache_clear()
    with capture_logs() as said:
        secret_access.known_secrets()
    secret_access.known_secrets.cache_clear()
    assert [(line["secret"], line["reason"]) for line in said] == [
        ("pin", "it has fewer than 8 characters")
    ]
    assert logs._hidings[0]({"x": "canary-7f3a-9b1c of 2024"}) == {"x": "[secret key] of 2024"}
