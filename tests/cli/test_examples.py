"""The examples are applied once, and what people made of them is respected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from executions.cli import examples
from executions.intake.apply import apply_definition
from executions.language import Limits
from executions.models import Workflow, WorkflowVersion

pytestmark = pytest.mark.database
OWN = (
    "document: {dsl: '1.0.0', namespace: %s, name: triage, version: '9.0.0'}\n"
    "do:\n- mine: {set: {answer: 42}}\n"
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Any) -> Path:
    settings.STIGMER_HOME = tmp_path
    settings.STIGMER_FUNCTION_MODULES = ["executions.demo.imports"]
    return tmp_path


@pytest.fixture
def ann(db: None) -> User:
    return User.objects.create_user("ann", is_superuser=True)


def head(slug: str) -> WorkflowVersion:
    found = Workflow.objects.get(slug=slug).head_version
    assert found is not None
    return found


def test_every_example_becomes_a_shared_workflow_of_the_administrator(
    ann: User, home: Path
) -> None:
    assert sorted(examples.apply_once()) == sorted(examples.texts())
    assert {w.slug for w in Workflow.objects.shared().filter(owner=ann)} == set(examples.texts())
    assert (home / "imports" / "customers.csv").exists()


def test_applying_again_changes_nothing(ann: User) -> None:
    examples.apply_once()
    assert examples.apply_once() == []
    assert WorkflowVersion.objects.count() == len(examples.texts())


def test_another_port_of_the_shop_gives_a_new_version_of_those_that_call_it(
    ann: User, settings: Any
) -> None:
    examples.apply_once()
    settings.STIGMER_DEMO_PORT = 9876
    renewed = examples.apply_once()
    assert sorted(renewed) == [
        "approve-payment",
        "link-check",
        "order-fulfilment",
        "retry-and-catch",
        "stock-report",
    ]
    assert "http://127.0.0.1:9876/payments" in head("order-fulfilment").source
    assert examples.WRITTEN_ADDRESS not in "".join(examples.texts().values())


def test_an_example_that_somebody_changed_is_left_alone(ann: User, settings: Any) -> None:
    examples.apply_once()
    apply_definition(OWN % "examples", ann)
    settings.STIGMER_DEMO_PORT = 9876
    assert "triage" not in examples.apply_once()
    assert head("triage").number == 2


def test_a_workflow_of_somebody_else_with_the_same_name_is_left_alone(ann: User) -> None:
    apply_definition(OWN % "elsewhere", User.objects.create_user("bob"))
    assert "triage" not in examples.apply_once()
    assert Workflow.objects.get(slug="triage").owner.username == "bob"


def test_a_file_that_a_person_corrected_is_kept(ann: User, home: Path) -> None:
    examples.apply_once()
    path = home / "imports" / "customers.csv"
    path.write_text("corrected")
    examples.apply_once()
    assert path.read_text() == "corrected"


def test_one_example_that_cannot_be_applied_does_not_stop_the_others(
    ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = Limits(max_bytes=2_000)
    monkeypatch.setattr("executions.language.reading.yaml.Limits", lambda: small)
    applied = examples.apply_once()
    assert "triage" in applied and "order-fulfilment" not in applied


def test_without_an_administrator_nothing_is_applied(db: None) -> None:
    assert examples.apply_once() == []
