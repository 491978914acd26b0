"""The palette finds what its reader may see."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.models import User
from django.test import Client

from dashboard.queries.finding import find
from executions.models import Execution


def test_runs_and_workflows_are_found_by_name_and_by_parts_of_ids(
    failed: Execution, alice: User
) -> None:
    kinds = [(each.kind, each.name) for each in find(alice, "fails-al")]
    assert kinds == [("Workflow", "fails-alice"), ("Execution", "fails-alice")]
    run = find(alice, failed.public_id)[-1]
    assert run.address == f"/executions/{failed.public_id}/"
    assert run.note == f"Failed · {failed.public_id}"


def test_the_runs_of_somebody_else_are_not_found(failed: Execution, bob: User) -> None:
    assert [each.kind for each in find(bob, "fails-alice")] == ["Workflow"]
    assert find(bob, failed.public_id) == []


def test_one_letter_finds_nothing(failed: Execution, alice: User) -> None:
    assert find(alice, "f") == []


def test_the_door_gives_what_is_found(
    failed: Execution, alice: User, as_: Callable[[User], Client]
) -> None:
    found = as_(alice).get("/find", {"q": f"  {failed.public_id} "}).json()["found"]
    assert [each["kind"] for each in found] == ["Execution"]
    assert as_(alice).get("/find").json() == {"found": []}
