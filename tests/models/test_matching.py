"""What each filter of a list of executions means, on a real database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from executions import clock
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import Execution
from executions.models.matching import ATTENTION
from executions.searching.search import Search
from executions.searching.typed import parse
from executions.states import Phase

pytestmark = [pytest.mark.django_db, pytest.mark.database]
TEXT = """document:
  dsl: '1.0.0'
  namespace: tests
  name: {name}
  version: '1.0.0'
  tags: {{team: {team}}}
do:
- first: {{set: {{n: 1}}}}
"""


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user("alice")


@pytest.fixture
def runs(alice: User) -> dict[str, Execution]:
    """One run each of two workflows: ``red`` of alice's has failed, ``blue`` is bob's."""
    bob = User.objects.create_user("bob")
    made = {}
    for owner, name in ((alice, "red"), (bob, "blue")):
        applied = apply_definition(TEXT.format(name=name, team=name), owner)
        made[name] = start(applied.workflow, owner, input={})
    Execution.objects.filter(pk=made["red"].pk).update(
        phase=Phase.FAILED, failure_reason="The shop said no.", current_step="/do/0/charge"
    )
    return made


@pytest.mark.parametrize(
    ("search", "names"),
    [
        (Search(), {"red", "blue"}),
        (Search(kind="agent"), set()),
        (Search(phases=("FAILED", "PENDING")), {"red", "blue"}),
        (Search(phases=("FAILED",)), {"red"}),
        (Search(needs_attention=True), {"red"}),
        (Search(needs_attention=False), {"blue"}),
        (Search(subject="blue"), {"blue"}),
        (Search(workflow="red"), {"red"}),
        (Search(agent="red"), set()),
        (Search(owner="me"), {"red"}),
        (Search(owner="bob"), {"blue"}),
        (Search(step="CHARGE"), {"red"}),
        (Search(labels=(("team", "blue"),)), {"blue"}),
        (Search(labels=(("team", None),)), {"red", "blue"}),
        (Search(labels=(("team", "red"), ("team", "blue"))), set()),
        (Search(text="shop SAID"), {"red"}),
        (Search(text="blu"), {"blue"}),
        (Search(after=datetime(2999, 1, 1, tzinfo=UTC)), set()),
        (Search(before=datetime(2999, 1, 1, tzinfo=UTC), owner="bob", phases=("FAILED",)), set()),
    ],
)
def test_every_filter_that_is_given_has_to_fit(
    runs: dict[str, Execution], alice: User, search: Search, names: set[str]
) -> None:
    found = Execution.objects.matching(search, alice.pk)
    assert {row.subject.slug for row in found} == names


def test_ids_name_one_run_and_its_workflow(runs: dict[str, Execution], alice: User) -> None:
    red = runs["red"]
    for search in (Search(text=f" {red.public_id} "), Search(workflow=red.subject.public_id)):
        assert list(Execution.objects.matching(search)) == [red]


def test_what_is_typed_means_the_same(runs: dict[str, Execution], alice: User) -> None:
    typed = parse(
        "status:failed owner:me after:1h label:team=red shop", clock.now() + timedelta(seconds=1)
    )
    assert list(Execution.objects.matching(typed.search, alice.pk)) == [runs["red"]]


def test_the_kinds_of_attention_divide_what_needs_a_person(
    alice: User, runs: dict[str, Any]
) -> None:
    Execution.objects.filter(pk=runs["blue"].pk).update(requires_manual_intervention=True)
    every = [set(Execution.objects.needing_attention(kind)) for kind in ATTENTION]
    assert sum(map(len, every)) == len(set().union(*every)) == 2
    assert set().union(*every) == set(Execution.objects.needing_attention())
