"""Every status that the API answers with, reached; and that every error is a problem."""

from __future__ import annotations

import json
from html import unescape

import pytest
from django.conf import settings as configured
from django.test import Client

from executions.api.problems import KINDS
from executions.models import Execution
from tests.api.conftest import GOOD, HEAD, caller_of, problem

pytestmark = pytest.mark.database


@pytest.mark.parametrize("path", ["/api", "/api/v1", "/api/v2/workflows", "/api/v1/nothing/here"])
def test_an_unknown_address_is_404(owner, path):
    body = problem(owner.get(path), 404, "not-found")
    assert body["instance"] == path


@pytest.mark.parametrize("method", ["PUT", "DELETE", "TRACE"])
def test_another_method_is_405_and_lists_those_that_are_possible(owner, method):
    response = owner(method, "workflows")
    problem(response, 405, "method-not-allowed")
    assert response["Allow"] == "GET, POST, HEAD"


def test_head_is_a_get_without_a_body(owner, workflow):
    response = owner("HEAD", "workflows/orders")
    assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize("text", ["{", '{"input": NaN}', '{"a": 1, "a": 2}', "[" * 5000, b"\xff"])
def test_a_body_that_is_not_json_is_400(owner, workflow, worker, text):
    problem(owner.post("workflows/orders/run", text), 400, "malformed")


@pytest.mark.parametrize("text", ['{"name": "\\u0000"}', '{"name": "\\ud800"}'])
def test_text_that_cannot_be_stored_is_422(owner, workflow, worker, text):
    problem(owner.post("workflows/orders/run", text), 422, "invalid")


def test_every_finding_has_its_place(owner, workflow):
    body = problem(owner.post("workflows/orders/run", {"inptu": 1, "name": 5}), 422, "invalid")
    assert {error["pointer"] for error in body["errors"]} == {"#/inptu", "#/name"}
    body = problem(owner.get("workflows?limit=101"), 422, "invalid")
    assert body["errors"][0]["parameter"] == "limit"
    body = problem(owner.get("workflows?colour=red"), 422, "invalid")
    assert body["errors"][0]["parameter"] == "colour"


def test_a_definition_that_has_problems_names_them_all_with_lines(owner):
    text = HEAD % "bad" + "do:\n- a: {set: {n: 1}, them: end}\n- b: {cal: http}\n"
    body = problem(
        owner.post("workflows", text, Content_Type="application/yaml"), 422, "invalid-definition"
    )
    assert {error["line"] for error in body["errors"]} == {3, 4}


def test_a_body_that_is_too_large_is_413(owner, workflow, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    problem(owner.post("workflows/orders/run", {"input": "x" * 200}), 413, "too-large")


def test_another_content_type_is_415(owner, workflow):
    response = owner.post(
        "workflows/orders/run", "a=b", Content_Type="application/x-www-form-urlencoded"
    )
    problem(response, 415, "unsupported-media-type")
    assert response["Accept"] == "application/json"


def test_too_many_requests_are_429_and_say_when_to_come_back(owner, settings):
    settings.STIGMER_API_RATE = 2
    assert [owner.get("me").status_code for _ in range(3)] == [200, 200, 429]
    response = owner.get("me")
    problem(response, 429, "rate-limited")
    assert int(response["Retry-After"]) >= 1


def test_an_error_that_nobody_expected_is_500_and_tells_nothing_of_itself(
    owner, workflow, monkeypatch
):
    def broken(*_: object) -> None:
        raise RuntimeError("the password is 1234")

    monkeypatch.setattr("executions.policy.visible_workflows", broken)
    response = owner.get("workflows/orders")
    assert "1234" not in json.dumps(problem(response, 500, "internal"))


def test_a_definition_in_use_is_not_deleted(owner, workflow, worker):
    owner.post("workflows/orders/run")
    body = problem(owner("DELETE", "workflows/orders"), 409, "conflict")
    assert "1 execution" in body["detail"]
    assert Execution.objects.exists()


def test_the_correlation_id_of_the_caller_comes_back_and_a_bad_one_is_replaced(owner):
    assert owner.get("me", X_Correlation_ID="abc-1")["X-Correlation-ID"] == "abc-1"
    assert owner.get("me", X_Correlation_ID="a b\tc")["X-Correlation-ID"] != "a b\tc"


class TestASession:
    def test_reads_without_and_changes_with_a_csrf_token(self, alice, workflow, worker):
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(alice)
        assert browser.get("/api/v1/workflows").status_code == 200
        path = "/api/v1/workflows/orders/run"
        problem(browser.post(path, "{}", content_type="application/json"), 403, "csrf")
        browser.get("/")
        token = browser.cookies[configured.CSRF_COOKIE_NAME].value
        sent = browser.post(
            path, "{}", content_type="application/json", headers={"X-CSRFToken": token}
        )
        assert sent.status_code == 202, sent.content

    def test_beside_a_token_does_not_count(self, alice, people, workflow):
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(alice)
        wrong = browser.get("/api/v1/me", headers={"Authorization": "Bearer stg_wrong"})
        problem(wrong, 401, "unauthenticated")
        bob = people["stranger"]
        seen = browser.get("/api/v1/me", headers={"Authorization": f"Bearer {bob.secret}"})
        assert seen.json()["name"] == "bob"


def test_a_token_without_the_scope_is_403_and_names_it(alice, workflow, worker):
    reader = caller_of(alice, "read")
    assert reader.get("workflows").status_code == 200
    body = problem(reader.post("workflows/orders/run"), 403, "forbidden")
    assert "run" in body["detail"]
    problem(
        caller_of(alice, "run").post("workflows", HEAD % "x" + GOOD, Content_Type="text/yaml"),
        403,
        "forbidden",
    )


def test_every_kind_of_problem_has_its_page(client, db):
    assert all(kind.name in client.get("/problems/").content.decode() for kind in KINDS.values())
    for kind in KINDS.values():
        page = client.get(kind.uri)
        assert (page.status_code, kind.title in unescape(page.content.decode())) == (200, True)
    assert client.get("/problems/nothing").status_code == 404


def test_what_the_statuses_of_the_document_promise_can_be_had(db):
    assert {kind.status for kind in KINDS.values()} == {
        400,
        401,
        403,
        404,
        405,
        409,
        412,
        413,
        415,
        422,
        429,
        500,
        503,
    }
