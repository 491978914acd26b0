"""Trouble of the database that passes: 503 with what to do, at every door, and never an unexplained
500.
"""

from __future__ import annotations

import pytest
from django.test import Client

from tests import troubles
from tests.api.conftest import GOOD, HEAD, problem

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]


def test_a_lock_that_is_not_let_go_is_503_and_nothing_was_changed(owner):
    text = HEAD % "later" + GOOD
    with troubles.busy("executions_workflow"):
        response = owner.post("workflows", text, Content_Type="application/yaml")
    body = problem(response, 503, "unavailable")
    assert "busy" in body["detail"] and int(response["Retry-After"]) > 0
    assert owner.get("workflows/later").status_code == 404
    assert owner.post("workflows", text, Content_Type="application/yaml").status_code == 201


def test_a_database_that_is_away_is_503_until_it_is_back(owner):
    with troubles.away():
        response = owner.get("workflows")
    body = problem(response, 503, "unavailable")
    assert "cannot be reached" in body["detail"] and int(response["Retry-After"]) > 0
    assert owner.get("workflows").status_code == 200


def test_what_a_session_cannot_be_read_for_is_503_below_api_too(alice):
    client = Client(raise_request_exception=False)
    client.force_login(alice)
    with troubles.away():
        problem(client.get("/api/v1/workflows"), 503, "unavailable")
