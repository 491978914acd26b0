"""A page asks the database as often for many rows as for few."""

from __future__ import annotations

import math
from collections.abc import Callable
from unittest import mock

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dashboard.live.page import poll
from executions import clock
from executions.accounts import sessions
from executions.live.topics import execution_topic
from executions.models import Execution
from tests.topics import row_topic

pytestmark = pytest.mark.database
MOST_QUERIES = 34
Begin = Callable[..., Execution]
Drive = Callable[[Execution], Execution]


def queries_of(client: Client, address: str) -> int:
    """How often the page reads. What bounds the time of a read is no read; that a session is used
    is noted once a minute, and the database's time is asked for each ten seconds, whatever the page
    is.
    """
    with (
        mock.patch.object(sessions, "NOTED_SECONDS", math.inf),
        mock.patch.object(clock, "STALE_SECONDS", math.inf),
        CaptureQueriesContext(connection) as seen,
    ):
        assert client.get(address).status_code == 200
    return sum(not query["sql"].startswith(("SET LOCAL", "SAVEPOINT", "RELEASE")) for query in seen)


@pytest.mark.parametrize("address", ["/", "/executions/", "/workflows/", "/inbox/", "/workers/"])
def test_more_rows_are_no_more_queries(
    address: str, begin: Begin, drive: Drive, alice: User, as_: Callable[[User], Client]
) -> None:
    client = as_(alice)
    drive(begin(fails="first"))
    client.get(address)
    few = queries_of(client, address)
    for number in range(6):
        drive(begin(fails=f"again {number}"))
    assert queries_of(client, address) == few <= MOST_QUERIES


def test_an_executions_page_is_bounded(
    failed: Execution, alice: User, as_: Callable[[User], Client]
) -> None:
    assert queries_of(as_(alice), f"/executions/{failed.public_id}/") <= MOST_QUERIES


def test_rows_of_many_topics_are_read_together(begin: Begin, alice: User) -> None:
    executions = [begin() for _ in range(8)]
    Execution.objects.update(head_seq=3)
    with CaptureQueriesContext(connection) as seen:
        frames = poll(alice, {row_topic(each.pk): 0 for each in executions})
    assert len(frames) == 8
    assert len(seen) <= 4


def test_what_has_not_changed_is_not_rendered(failed: Execution, alice: User) -> None:
    assert poll(alice, {execution_topic(failed.pk): failed.head_seq}) == []
