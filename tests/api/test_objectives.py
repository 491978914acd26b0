"""The objective of a workflow by the API."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import GOOD, HEAD, problem

pytestmark = pytest.mark.django_db


def test_it_is_set_read_with_what_was_reached_and_removed(people: Any) -> None:
    owner = people["owner"]
    assert owner("POST", "workflows", HEAD % "orders" + GOOD).status_code == 201
    path = "workflows/orders/objective"
    problem(owner.get(path), 404, "not-found")
    shown = owner("PUT", path, {"within_seconds": 30}).json()
    assert (shown["within_percent"], shown["success_percent"]) == (95.0, None)
    assert shown["set_by"] == owner.user.get_username()
    [target] = owner.get(path).json()["targets"]
    nothing = {"runs": 0, "wrong": 0, "reached_percent": None, "burn": None}
    assert target["last_30_days"] == nothing and target["budget_used"] is None
    assert owner.get(path).json()["counted_days"] == 30
    problem(owner("PUT", path, {}), 422, "invalid")
    problem(owner("PUT", path, {"success_percent": 100}), 422, "invalid")
    assert owner("DELETE", path).status_code == 204
    problem(owner.get(path), 404, "not-found")
