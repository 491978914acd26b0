"""Whoever is told that something cannot be done now is told when to try again: at every address."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client, RequestFactory, override_settings

from executions.errors import Refused
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.verbs.rows import VERBS
from stigmer_site import doors
from tests import troubles
from tests.api.test_policy_matrix import TABLE
from tests.dashboard.views.test_policy import PAGES, POSTS

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]
TEXT = (
    "document: {dsl: '1.0.0', namespace: t, name: one, version: '1.0.0'}\ndo: [{nap: {wait: {hours:"
    " 1}}}]\n"
)
METHODS = {"create": "POST", "run": "POST", "list": "GET", "read": "GET", "delete": "DELETE"}
ADMIN = ("/admin/", "/admin/executions/execution/", "/django-rq/", "/log-in", "/readyz", "/metrics")


def addresses() -> list[tuple[str, str]]:
    """Each address with its method, any names in its places."""
    api = [
        (METHODS.get(name.partition("-")[0], "GET"), f"/api/v1/{path}")
        for name, (path, _, _) in TABLE.items()
    ]
    pages = [("GET", address) for address, *_ in PAGES.values()]
    posts = [("POST", address) for address, *_ in POSTS.values()]
    found = {(method, re.sub(r"{\w+}", "x", path)) for method, path in [*api, *pages, *posts]}
    return sorted(found | {("GET", path) for path in ADMIN})


@pytest.fixture
def ada() -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create_superuser("ada"))
    return client


def test_every_address_says_when_to_come_back_while_the_database_is_away(ada: Client) -> None:
    answered = {}
    with troubles.away():
        for method, path in addresses():
            response = ada.generic(method, path, "{}", content_type="application/json")
            answered[method, path] = response.status_code, response.get("Retry-After", "")
    passing = {at: after for at, (status, after) in answered.items() if status == 503}
    assert len(passing) > len(answered) / 2, answered
    assert [at for at, after in passing.items() if not after.isdigit()] == []
    assert {status for status, _ in answered.values()} <= {503, 404, 405, 413, 200, 302}, answered


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_button_says_when_to_come_back(
    ada: Client, monkeypatch: pytest.MonkeyPatch, verb: str, headers: dict[str, str]
) -> None:
    ada_herself = User.objects.get()
    execution = start(apply_definition(TEXT, ada_herself).workflow, ada_herself, input={})

    def busy(*_: object, **__: object) -> None:
        raise Refused("unavailable", "The database is busy.", remedy="Try again.")

    monkeypatch.setattr("dashboard.views.act.press", busy)
    sent = {
        "seq": execution.head_seq,
        "choice": "fail",
        "checkpoint": "0",
        "phase": "CANCELLED",
        "reason": "x",
        "step": "1",
        "output": "1",
    }
    response = ada.post(
        f"/executions/{execution.public_id}/do/{VERBS[verb].slug}", sent, headers=headers
    )
    assert (response.status_code, response.get("Retry-After")) == (
        503,
        str(doors.RETRY_AFTER_SECONDS),
    )


@override_settings(STIGMER_QUEUE=False)
def test_a_start_while_the_queue_is_off_says_when_to_come_back(ada: Client) -> None:
    workflow = apply_definition(TEXT, User.objects.get()).workflow
    page = ada.post(f"/workflows/{workflow.public_id}/run", {})
    api = ada.post(
        f"/api/v1/workflows/{workflow.public_id}/run", "{}", content_type="application/json"
    )
    for response in (page, api):
        assert (response.status_code, response.get("Retry-After")) == (503, "5")


@pytest.mark.parametrize(
    ("status", "own", "after"), [(503, "", "5"), (429, "", "5"), (503, "30", "30"), (500, "", "")]
)
def test_an_answer_that_knows_better_says_so_itself(status: int, own: str, after: str) -> None:
    response = HttpResponse(status=status, headers={"Retry-After": own} if own else {})
    told = doors.again(lambda _: response)(RequestFactory().get("/"))
    assert told.headers.get("Retry-After", "") == after
