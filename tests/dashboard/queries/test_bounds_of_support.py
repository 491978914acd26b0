"""Support reads failed runs of others masked: a page asks the database as often for many of them as
for one.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions.models import Workflow
from executions.showing import LABEL
from tests.dashboard.queries.test_bounds import MOST_QUERIES, Begin, Drive, queries_of

pytestmark = pytest.mark.database
ACCOUNT = "DE89370400440532013000"
MANY = 20


@pytest.fixture
def others(begin: Begin, drive: Drive, alice: User, bob: User) -> Callable[[int], None]:
    """So many failed runs of two others, each with an account in its input and in its reason."""

    def made(many: int) -> None:
        for number in range(many):
            owner = (alice, bob)[number % 2]
            drive(begin(fails=f"no {ACCOUNT}", owner=owner, input={"iban": ACCOUNT, "n": number}))

    return made


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/executions/",
        "/executions/?phase=FAILED",
        "/attention/",
        "/inbox/",
        "/approvals/",
        "/approvals/answered",
        "/workflows/",
        "/workflows/{wfl}/",
        "/bulk/",
        "/api/v1/workflow-executions?limit=50",
        "/api/v1/attention",
        "/api/v1/admin/workflows/failed",
    ],
)
def test_many_failed_runs_of_others_are_no_more_questions(
    address: str,
    others: Callable[[int], None],
    support: User,
    alice: User,
    as_: Callable[[User], Client],
) -> None:
    client = as_(support)
    others(2)
    Workflow.objects.update(visibility="shared")
    path = address.format(wfl=Workflow.objects.get(owner=alice).public_id)
    client.get(path)
    few = queries_of(client, path)
    others(MANY)
    # The results of runs that were not looked at yet are read at once.
    assert queries_of(client, path) <= few + 1
    assert queries_of(client, path) == few <= MOST_QUERIES + 4
    text = client.get(path).content.decode()
    # The page of a workflow shows its definition, in which these tests wrote the reason.
    assert ACCOUNT not in text or "{wfl}" in address
    if address in ("/executions/", "/attention/"):
        assert LABEL in text


def test_many_questions_of_runs_are_no_more_questions_to_the_database(
    asked: Callable[..., object], support: User, as_: Callable[[User], Client]
) -> None:
    client, of_support = as_(support), {"approvers": {"groups": ["Support"]}}
    asked(of_support)
    client.get("/approvals/")
    few = queries_of(client, "/approvals/")
    for _ in range(6):
        asked(of_support)
    assert queries_of(client, "/approvals/") == few
